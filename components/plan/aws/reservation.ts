import type { AwsLookups } from "../../lookups/aws/model";
import type { Finding } from "../../settings/finding";
import { error, warning } from "../findings";
import type { Rung } from "./ladder";
import type { AwsStack } from "./stack";

/** Whether the capacity reservation or block that settings name is there and large enough. */
export function checkReservation(
  settings: AwsStack,
  lookups: AwsLookups,
  { type }: Rung,
  hosts: number,
  zone: string,
  id: string,
): Finding[] {
  const { capacityReservation, capacityBlock } = settings.aws.hosts;
  const wanted = capacityBlock ?? capacityReservation;
  const key = capacityBlock === undefined ? "capacityReservation" : "capacityBlock";
  const path = `gpudev:aws.hosts.${key}`;
  if (wanted === undefined || lookups.reservation?.known !== true) return [];
  const facts = lookups.reservation.value;
  if (facts === undefined) {
    const region = settings.aws.region;
    const mend = "Correct it; aws ec2 describe-capacity-reservations lists what there is.";
    return [error("no-such-reservation", path, `There is no ${wanted} in ${region}`, mend)];
  }
  const findings: Finding[] = [];
  if (facts.type !== type.type) {
    findings.push(
      error(
        "reservation-type",
        path,
        `${wanted} is for ${facts.type}, and hosts are ${type.type}`,
        `Write type: ${facts.type} in the ladder, or take another reservation.`,
      ),
    );
  }
  if (facts.zone !== zone) {
    findings.push(
      error(
        "reservation-zone",
        path,
        `${wanted} is in ${facts.zone}, and hosts are to stand in ${zone}`,
        `Write zone: ${facts.zone} in the ladder; homes that exist elsewhere have to be restored there first.`,
      ),
    );
  }
  if (facts.state !== "active" && facts.state !== "scheduled" && facts.state !== "pending") {
    const mend = "Take one that is active.";
    findings.push(error("reservation-over", path, `${wanted} is ${facts.state}`, mend));
  }
  const running = lookups.instances.known
    ? lookups.instances.value.filter((one) => one.stackId === id && one.type === facts.type).length
    : 0;
  if (hosts > facts.available + running) {
    findings.push(
      warning(
        "reservation-small",
        path,
        `${hosts} hosts are planned, and ${wanted} has room for ${facts.available + running} of them`,
        "Enlarge it, or have fewer hosts: a host without room in it does not start.",
      ),
    );
  }
  const { until } = settings.lifetime;
  if (
    facts.endsAt !== undefined &&
    (until === undefined || Date.parse(until) > Date.parse(facts.endsAt))
  ) {
    findings.push(
      warning(
        "reservation-ends",
        path,
        `${wanted} ends ${facts.endsAt}, before the stack does`,
        `Write lifetime.until: "${facts.endsAt}" or earlier, so that people are told in time.`,
      ),
    );
  }
  return findings;
}
