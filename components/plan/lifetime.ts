import type { Finding } from "../settings/finding";
import type { Settings } from "../settings/schema";
import { error, hint } from "./findings";

/** Whether the stack's end is still to come. */
export function checkLifetime(settings: Settings, now: string): Finding[] {
  const { until, idleStop } = settings.lifetime;
  const findings: Finding[] = [];
  if (until !== undefined && Date.parse(until) <= Date.parse(now)) {
    findings.push(
      error(
        "ended",
        "gpudev:lifetime.until",
        `The stack's end, ${until}, is past`,
        "Write a later time to go on, or run gpudev destroy; homes stay.",
      ),
    );
  }
  const unused = [
    ...(idleStop === undefined ? [] : ["idleStop"]),
    ...(until === undefined ? [] : ["until"]),
  ];
  if (unused.length > 0) {
    findings.push(
      hint(
        "not-enforced-here",
        `gpudev:lifetime.${unused[0]}`,
        `On a workstation nothing is stopped by itself: ${unused.join(" and ")} ${unused.length === 1 ? "is" : "are"} for targets where money runs`,
        "Leave it for the day when the stack moves, or take it out.",
      ),
    );
  }
  return findings;
}
