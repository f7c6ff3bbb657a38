/** A price of us-east-1 in USD. */
export interface Price {
  readonly usd: number;
  /** `hour`, or `GiB-month`. */
  readonly per: "hour" | "GiB-month";
  readonly asOf: string;
  readonly source: string;
  readonly verified: boolean;
}

const CLOUDBURN = "cloudburn.io price guides, which quote AWS's price pages";

/**
 * What a stack pays for beside instances, in us-east-1. Read 2026-11-22 from third
 * parties that quote AWS; those that are not verified were found in no source that could be
 * read. Data transfer is not among them: it
 * depends on what users do.
 */
export const PRICES = {
  gp3: {
    usd: 0.08,
    per: "GiB-month",
    asOf: "2026-11-22",
    source: "AWS's list price as commonly quoted",
    verified: false,
  },
  snapshot: {
    usd: 0.05,
    per: "GiB-month",
    asOf: "2026-11-22",
    source: "AWS's list price as commonly quoted",
    verified: false,
  },
  efs: {
    usd: 0.3,
    per: "GiB-month",
    asOf: "2026-03-03",
    source: `${CLOUDBURN}: EFS Standard`,
    verified: true,
  },
  publicIpv4: {
    usd: 0.005,
    per: "hour",
    asOf: "2026-02-24",
    source: `${CLOUDBURN}: NAT gateways`,
    verified: true,
  },
  natGateway: {
    usd: 0.045,
    per: "hour",
    asOf: "2026-02-24",
    source: `${CLOUDBURN}: NAT gateways`,
    verified: true,
  },
  interfaceEndpoint: {
    usd: 0.01,
    per: "hour",
    asOf: "2026-11-22",
    source: "AWS's list price as commonly quoted",
    verified: false,
  },
} as const satisfies Readonly<Record<string, Price>>;

/** Hours of the month by which AWS turns a price a month into one an hour. */
export const HOURS_PER_MONTH = 730;
