import { findInstanceType, quotaFamilyOf, quotaOf } from "../../catalog";
import type { AwsLookups, RunningInstance } from "../../lookups/aws/model";
import type { Finding } from "../../settings/finding";
import { error, hint } from "../findings";
import type { Rung } from "./ladder";
import type { AwsStack } from "./stack";

/** The quota that a running instance counts against. */
function codeOf({ type, market }: RunningInstance): string | undefined {
  const row = findInstanceType(type);
  if (row !== undefined) return quotaOf(row, market).code;
  const quotaFamily = quotaFamilyOf(type);
  const family = type.split(".")[0] ?? "";
  return quotaFamily === undefined ? undefined : quotaOf({ family, quotaFamily }, market).code;
}

/** A quota beside what the stack's hosts need of it, in vCPUs. */
export interface QuotaUse {
  readonly code: string;
  readonly name: string;
  readonly market: Rung["market"];
  readonly needed: number;
  /** In use by others than the stack. */
  readonly used: number;
  /** Absent where it could not be asked. */
  readonly limit?: number;
}

/**
 * The quota that the stack's hosts count against. The stack's own running instances are part of what
 * it needs, not of what others use.
 */
export function quotaUse(
  lookups: AwsLookups,
  { type, market }: Pick<Rung, "type" | "market">,
  hosts: number,
  id: string,
): QuotaUse {
  const { code, name } = quotaOf(type, market);
  const others = (lookups.instances.known ? lookups.instances.value : []).filter(
    (instance) => instance.stackId !== id && codeOf(instance) === code,
  );
  const answer = lookups.quotas[code];
  return {
    code,
    name,
    market,
    needed: hosts * type.vcpus,
    used: others.reduce((sum, { vcpus }) => sum + vcpus, 0),
    ...(answer?.known === true ? { limit: answer.value } : {}),
  };
}

/** The command that asks for more. */
function request(code: string, value: number, region: string): string {
  return `aws service-quotas request-service-quota-increase --service-code ec2 --quota-code ${code} --desired-value ${value} --region ${region}`;
}

/** Whether the account's vCPU quota has room for the stack's hosts. */
export function checkQuota(
  settings: AwsStack,
  lookups: AwsLookups,
  { type, market, path }: Rung,
  hosts: number,
  id: string,
): Finding[] {
  const { region, hosts: wish } = settings.aws;
  if (hosts === 0) return [];
  const quota = quotaOf(type, market);
  if (wish.capacityBlock !== undefined) {
    return [
      hint(
        "quota-of-block",
        "gpudev:aws.hosts.capacityBlock",
        `Instances of a Capacity Block have limits of their own, so that the quota ${quota.name} was not held against it`,
        "Nothing to do.",
      ),
    ];
  }
  const { needed, used, limit } = quotaUse(lookups, { type, market }, hosts, id);
  if (limit === undefined) return [];
  const missing = needed + used - limit;
  if (missing <= 0) return [];
  const want = needed + used;
  return [
    error(
      "quota-short",
      path,
      `${hosts === 1 ? `One ${type.type} needs` : `${hosts} ${type.type} need`} ${needed} vCPUs of the quota "${quota.name}" (${quota.code}, ${market}) in ${region}, which is ${limit}${used > 0 ? ` with ${used} in use by others` : ""}: ${missing} are missing`,
      `Ask for ${want}: ${request(quota.code, want, region)} (or https://${region}.console.aws.amazon.com/servicequotas/home/services/ec2/quotas/${quota.code}); answers take hours to days. Until then take smaller types or fewer users.`,
    ),
  ];
}
