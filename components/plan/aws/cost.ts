import { HOURS_PER_MONTH, type Price, PRICES, PRICES_AS_OF } from "../../catalog";
import type { AwsLookups } from "../../lookups/aws/model";
import type { Finding } from "../../settings/finding";
import { type Decided, groupBy, hint, warning } from "../findings";
import type {
  CostLine,
  PlannedCost,
  PlannedHomes,
  PlannedHost,
  PlannedLifetime,
  PlannedVpc,
} from "./model";
import type { AwsStack } from "./stack";

/** What is charged for. */
export interface Charged {
  readonly hosts: readonly PlannedHost[];
  readonly homes: PlannedHomes;
  readonly network: PlannedVpc;
  readonly lifetime: PlannedLifetime;
}

/** Region of the price table. */
const TABLE_REGION = "us-east-1";
const DAYS_PER_MONTH = HOURS_PER_MONTH / 24;

const cents = (usd: number) => Math.round(usd * 10_000) / 10_000;

function hourly(price: Price): number {
  return price.per === "hour" ? price.usd : price.usd / HOURS_PER_MONTH;
}

function priced(
  price: Price,
  item: string,
  quantity: number,
  unit: string,
  when: CostLine["when"],
  note?: string,
): CostLine[] {
  if (quantity === 0) return [];
  const perHour = cents(hourly(price) * quantity);
  return [{ item, quantity, unit, perHour, when, ...(note === undefined ? {} : { note }) }];
}

/** Price of one instance, and what it rests on. */
export function instancePrice(
  host: Pick<PlannedHost, "type" | "market">,
  lookups: AwsLookups,
): { readonly usd?: number; readonly note?: string } {
  const live = lookups.prices?.known ? lookups.prices.value : undefined;
  const asked = live?.find(({ type, market }) => type === host.type.type && market === host.market);
  if (asked !== undefined) return { usd: asked.usdPerHour };
  const { usdPerHour } = host.type;
  if (usdPerHour === undefined) return { note: "no price in the table" };
  if (host.market === "on-demand") return { usd: usdPerHour };
  return { usd: usdPerHour, note: "the on-demand price: spot costs less, and changes" };
}

function instanceLines(hosts: readonly PlannedHost[], lookups: AwsLookups): CostLine[] {
  const kinds = groupBy(hosts, ({ type, market }) => `${type.type} ${market}`);
  return [...kinds].flatMap(([item, [first, ...rest]]): CostLine[] => {
    if (first === undefined) return [];
    const quantity = rest.length + 1;
    const { usd, note } = instancePrice(first, lookups);
    return [
      {
        item,
        quantity,
        unit: "instance",
        ...(usd === undefined ? {} : { perHour: cents(usd * quantity) }),
        when: "running",
        ...(note === undefined ? {} : { note }),
      },
    ];
  });
}

function storageLines({ hosts, homes }: Charged): CostLine[] {
  const roots = hosts.reduce((sum, { rootGiB }) => sum + rootGiB, 0);
  const volumes = homes.volumes.reduce((sum, { sizeGiB }) => sum + sizeGiB, 0);
  const shared = homes.accessPoints.length * homes.quotaGiB;
  return [
    ...priced(PRICES.gp3, "root volumes (gp3)", roots, "GiB", "always"),
    ...priced(PRICES.gp3, "homes (gp3)", volumes, "GiB", "always"),
    ...priced(
      PRICES.snapshot,
      "snapshots of homes",
      volumes,
      "GiB",
      "always",
      "as if homes were full and changed little; at first far less",
    ),
    ...priced(
      PRICES.efs,
      "homes (EFS)",
      shared,
      "GiB",
      "always",
      "as if every home were full; EFS charges for what is stored, and for reads and writes",
    ),
  ];
}

function networkLines({ hosts, network }: Charged): CostLine[] {
  const addresses = network.private ? 0 : hosts.length;
  const gateways = network.natSubnet === undefined ? 0 : 1;
  const endpoints = network.interfaceEndpoints.length * network.endpointZones.length;
  return [
    ...priced(PRICES.publicIpv4, "public IPv4 addresses", addresses, "address", "running"),
    ...priced(PRICES.publicIpv4, "public IPv4 address of NAT", gateways, "address", "always"),
    ...priced(
      PRICES.natGateway,
      "NAT gateway",
      gateways,
      "gateway",
      "always",
      "and 0.045 USD for each GB through it",
    ),
    ...priced(
      PRICES.interfaceEndpoint,
      "interface endpoints",
      endpoints,
      "endpoint",
      "always",
      "and 0.01 USD for each GB through them",
    ),
  ];
}

const sum = (lines: readonly CostLine[]) =>
  cents(lines.reduce((total, { perHour }) => total + (perHour ?? 0), 0));

function assumptionOf({ hours }: PlannedLifetime): { hoursADay: number; text: string } {
  const rest = "idle stops are not counted in, and neither is data transfer";
  if (hours === undefined) {
    return { hoursADay: 24, text: `hosts run around the clock; ${rest}` };
  }
  const text = `hosts run ${hours.perWeek} hours a week, all of the working hours; ${rest}`;
  return { hoursADay: hours.perWeek / 7, text };
}

function checkCost(settings: AwsStack, lookups: AwsLookups, cost: PlannedCost): Finding[] {
  const findings: Finding[] = [];
  const { region, budget, livePrices } = settings.aws;
  if (cost.lines.length > 0 && cost.source === "table" && region !== TABLE_REGION) {
    findings.push(
      hint(
        "prices-elsewhere",
        "gpudev:aws.region",
        `Prices are those of ${TABLE_REGION} (${cost.pricesAsOf}); ${region} differs`,
        "Write livePrices: true under gpudev:aws for the region's own.",
      ),
    );
  }
  if (livePrices && lookups.prices?.known === false) {
    findings.push(
      warning(
        "prices-unchecked",
        "gpudev:aws.livePrices",
        `Prices could not be asked: ${lookups.prices.because}; the table of ${PRICES_AS_OF} stands in`,
        "Allow pricing:GetProducts and ec2:DescribeSpotPriceHistory.",
      ),
    );
  }
  if (cost.unpriced.length > 0) {
    findings.push(
      warning(
        "no-price",
        "gpudev:aws.hosts.ladder",
        `There is no price for ${cost.unpriced.join(", ")}: the sums are too small by it`,
        "Write livePrices: true under gpudev:aws.",
      ),
    );
  }
  const month = cost.perDay * DAYS_PER_MONTH;
  if (budget !== undefined && month > budget.monthlyUsd) {
    findings.push(
      warning(
        "over-budget",
        "gpudev:aws.budget.monthlyUsd",
        `A month may cost ${Math.ceil(month)} USD (${cost.assumption}), and the budget is ${budget.monthlyUsd}`,
        "Set working hours, take a smaller type, or raise the budget; beyond it hosts are stopped.",
      ),
    );
  }
  return findings;
}

/** What the stack costs an hour, a day and until its end, with what that rests on. */
export function planCost(
  settings: AwsStack,
  lookups: AwsLookups,
  charged: Charged,
): Decided<PlannedCost> {
  const lines = [
    ...instanceLines(charged.hosts, lookups),
    ...storageLines(charged),
    ...networkLines(charged),
  ];
  const { hoursADay, text } = assumptionOf(charged.lifetime);
  const perHour = sum(lines);
  const perHourStopped = sum(lines.filter(({ when }) => when === "always"));
  const perDay = cents(perHour * hoursADay + perHourStopped * (24 - hoursADay));
  const { until, ended } = charged.lifetime;
  const days =
    until === undefined || ended
      ? undefined
      : (Date.parse(until) - Date.parse(lookups.time)) / 86_400_000;
  const live = lookups.prices?.known === true;
  const value: PlannedCost = {
    perHour,
    perHourStopped,
    perDay,
    ...(days === undefined ? {} : { untilEnd: cents(perDay * days) }),
    lines,
    pricesAsOf: live ? lookups.time.slice(0, 10) : PRICES_AS_OF,
    source: live ? "live" : "table",
    assumption: text,
    unpriced: lines.filter(({ perHour: price }) => price === undefined).map(({ item }) => item),
  };
  return { value, findings: checkCost(settings, lookups, value) };
}
