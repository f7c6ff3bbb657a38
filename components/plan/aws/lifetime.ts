import type { AwsSettings } from "../../settings/awsSchema";
import type { Finding } from "../../settings/finding";
import { type Decided, error, hint, warning } from "../findings";
import type { PlannedHours, PlannedLifetime } from "./model";
import type { AwsStack } from "./stack";

/** Seconds without activity after which an environment stops, where nothing is said. */
const IDLE_STOP = 45 * 60;
/** Below this nobody could log in and begin. */
const LEAST_IDLE = 5 * 60;
const DAY = 86_400;
const PATH = "gpudev:lifetime.until";
const WEEK = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];

/** Days that a list such as `MON-FRI` or `MON,WED` names. */
function daysOf(text: string): number {
  const days = new Set<number>();
  for (const one of text.split(",")) {
    const [from = "", to = from] = one.split("-");
    const [first, last] = [WEEK.indexOf(from), WEEK.indexOf(to)];
    for (let day = first; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === last) break;
    }
  }
  return days.size;
}

function minutes(clock: string): number {
  const [hours = 0, rest = 0] = clock.split(":").map(Number);
  return hours * 60 + rest;
}

/** Working hours as schedules. Hosts stop every day, so that one that was started by hand does not run on. */
function hoursOf({ start, stop, days, timezone }: NonNullable<AwsSettings["hours"]>): PlannedHours {
  const at = (clock: string) => `${minutes(clock) % 60} ${Math.floor(minutes(clock) / 60)}`;
  const span = (minutes(stop) - minutes(start) + 1440) % 1440;
  return {
    start: `cron(${at(start)} ? * ${days} *)`,
    stop: `cron(${at(stop)} * * ? *)`,
    timezone,
    perWeek: (span / 60) * daysOf(days),
  };
}

/** A time that far ahead, on the full hour, as settings write it. */
function ahead(now: string, seconds: number): string {
  const hour = 3_600_000;
  const time = Math.floor((Date.parse(now) + seconds * 1000) / hour) * hour;
  return `${new Date(time).toISOString().slice(0, 19)}+00:00`;
}

function checkEnd(settings: AwsStack, now: string, deployed: boolean): Finding[] {
  const { until, max } = settings.lifetime;
  const days = Math.round(max / DAY);
  if (until === undefined) {
    return [
      warning(
        "no-end",
        PATH,
        "Nothing says when the stack ends: hosts stop when they are idle, and stay until someone removes them",
        `Run gpudev up, which records one, or write under gpudev:lifetime:  until: "${ahead(now, max)}"`,
      ),
    ];
  }
  const left = (Date.parse(until) - Date.parse(now)) / 1000;
  if (left <= 0) {
    return [
      deployed
        ? warning(
            "ended",
            PATH,
            `The stack's end, ${until}, is past: its hosts are removed, homes stay`,
            `Write a later time to go on, such as until: "${ahead(now, Math.min(max, 7 * DAY))}".`,
          )
        : error(
            "ended",
            PATH,
            `The stack's end, ${until}, is past, so that nothing would be made`,
            `Write a later time, such as until: "${ahead(now, Math.min(max, 7 * DAY))}".`,
          ),
    ];
  }
  if (left > max) {
    return [
      error(
        "until-too-far",
        PATH,
        `The stack's end, ${until}, is ${Math.ceil(left / DAY)} days ahead, and ${days} are allowed`,
        `Write until: "${ahead(now, max)}" or earlier, or raise gpudev:lifetime.max on purpose.`,
      ),
    ];
  }
  return [];
}

/**
 * When hosts stop. A stack that exists and is past its end plans no hosts any more; a new one is
 * refused.
 */
export function planLifetime(
  settings: AwsStack,
  now: string,
  deployed: boolean,
): Decided<PlannedLifetime> {
  const { until, idleStop = IDLE_STOP, stopGrace, maxLease } = settings.lifetime;
  const { hours, budget } = settings.aws;
  const ended = until !== undefined && Date.parse(until) <= Date.parse(now);
  const findings = checkEnd(settings, now, deployed);
  if (idleStop < LEAST_IDLE) {
    findings.push(
      error(
        "idle-too-short",
        "gpudev:lifetime.idleStop",
        `An environment that stops after ${idleStop} seconds without activity ends while someone reads`,
        "Write 5m or more.",
      ),
    );
  }
  if (budget !== undefined) {
    findings.push(
      hint(
        "budget-lags",
        "gpudev:aws.budget",
        "AWS counts a budget by the tag gpudev:stack-id, a day late and only once that is active as a cost allocation tag",
        "Activate it once for the account: Billing, Cost allocation tags. Idle stop and end date do not depend on it.",
      ),
    );
  }
  const value: PlannedLifetime = {
    idleStop,
    ...(until === undefined ? {} : { until }),
    ended,
    // A host has to give Docker one second at least.
    graceSeconds: Math.max(1, stopGrace),
    maxLease,
    ...(hours === undefined ? {} : { hours: hoursOf(hours) }),
    ...(budget === undefined ? {} : { budget }),
  };
  return { value, findings };
}

/** The end date that gpudev records where nobody has named one. */
export function recordedEnd(settings: AwsStack, now: string): Record<string, string> {
  const { until, max } = settings.lifetime;
  return until === undefined ? { [PATH]: ahead(now, max) } : {};
}
