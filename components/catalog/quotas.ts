import type { InstanceType } from "./instanceTypes";

/** A vCPU quota of EC2 (service code `ec2`). */
export interface Quota {
  readonly code: string;
  /** Name as Service Quotas shows it. */
  readonly name: string;
  /** False: which quota counts these was not verified. */
  readonly verified: boolean;
}

const ON_DEMAND: Readonly<Record<InstanceType["quotaFamily"], Quota>> = {
  G: { code: "L-DB2E81BA", name: "Running On-Demand G and VT instances", verified: true },
  P: { code: "L-417A185B", name: "Running On-Demand P instances", verified: true },
};

const SPOT_G: Quota = {
  code: "L-3819A6DF",
  name: "All G and VT Spot Instance Requests",
  verified: true,
};
const SPOT_P: Quota = {
  code: "L-7212CCBC",
  name: "All P4, P3 and P2 Spot Instance Requests",
  verified: true,
};
const SPOT_P5: Quota = {
  code: "L-C4BD4855",
  name: "All P5 Spot Instance Requests",
  verified: true,
};

/**
 * The quota that a type counts against. Read 2026-11-22 from AWS's table of EC2
 * quotas and public code maps; that p6 spot counts against the P5 quota is one
 * project's word.
 */
export function quotaOf(
  { family, quotaFamily }: Pick<InstanceType, "family" | "quotaFamily">,
  market: "on-demand" | "spot",
): Quota {
  if (market === "on-demand") return ON_DEMAND[quotaFamily];
  if (quotaFamily === "G") return SPOT_G;
  if (family.startsWith("p5")) return SPOT_P5;
  return family.startsWith("p6") ? { ...SPOT_P5, verified: false } : SPOT_P;
}

/** Families of other types that count against the quotas above, beside those of the table. */
const G_FAMILY = /^(g|gr|vt)\d/;
const P_FAMILY = /^p\d/;

/** The family group of any EC2 type by its name, such as `G` for `vt1.3xlarge`; absent for those without GPUs. */
export function quotaFamilyOf(type: string): InstanceType["quotaFamily"] | undefined {
  if (G_FAMILY.test(type)) return "G";
  return P_FAMILY.test(type) ? "P" : undefined;
}
