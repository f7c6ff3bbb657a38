import type { AwsPlan, PlannedCost } from "../../components/plan/aws/model";
import type { HostNow } from "./hostStates";
import type { DatedVerdict, Verdict } from "./verdicts";
import { isFresh } from "./wake";

/** A host as it is now. */
interface HostStatus {
  readonly host: string;
  readonly type: string;
  /** EC2's word, `missing` where `gpudev up` has yet to make it, `unknown` where EC2 could not be asked. */
  readonly state: string;
  /** When it was started last, ISO 8601; only while it runs. */
  readonly since?: string;
  /** What it says of itself in its present boot; absent before that. */
  readonly ready?: boolean;
  /** In the host's own words, or why there are none. */
  readonly words: readonly string[];
}

/** One user's environment as it is now. */
interface AwsEnvironmentStatus {
  readonly user: string;
  readonly container: string;
  readonly host: string;
  /** The host's word (`healthy`, `starting`, `unhealthy`, `stopped`, `failed`), `missing`, or `unknown`. */
  readonly state: string;
  /** Last decision of the idle watcher on this environment, and why. */
  readonly decision?: string;
}

/** A stack on AWS as it is now. */
export interface AwsStatus {
  readonly hosts: readonly HostStatus[];
  readonly environments: readonly AwsEnvironmentStatus[];
  /** USD; `perHourNow` is for the hosts that run, absent where EC2 could not be asked. */
  readonly cost: Pick<PlannedCost, "perHour" | "perHourStopped" | "pricesAsOf"> & {
    readonly perHourNow?: number;
  };
}

const cents = (usd: number) => Math.round(usd * 10_000) / 10_000;

function wordsOf(state: string, said: DatedVerdict | string | undefined, fresh: boolean) {
  if (state !== "running") return [];
  if (said === undefined || typeof said === "string") return said === undefined ? [] : [said];
  return fresh ? said.verdict.words : ["It has said nothing since it was started."];
}

function decisionOf(verdict: Verdict, user: string): string | undefined {
  const one = verdict.idle?.environments[user];
  if (one === undefined) return undefined;
  return one.action === "none" ? `${one.kind}: ${one.reason}` : `${one.action}: ${one.reason}`;
}

/**
 * Puts a plan, EC2's answer and the hosts' verdicts together. Pure.
 * @param found the hosts; undefined where EC2 could not be asked
 * @param verdicts by host: a verdict, or why there is none
 */
export function statusOfHosts(
  plan: Pick<AwsPlan, "hosts" | "environments" | "cost">,
  found: readonly HostNow[] | undefined,
  verdicts: ReadonlyMap<string, DatedVerdict | string>,
): AwsStatus {
  const instances = new Map((found ?? []).map((host) => [host.name, host]));
  const types = new Map(plan.hosts.map(({ name, type }) => [name, type.type]));
  const names = [...new Set([...types.keys(), ...instances.keys()])];
  const hosts = names.map((host): HostStatus => {
    const now = instances.get(host);
    const state = now?.state ?? (found === undefined ? "unknown" : "missing");
    const said = verdicts.get(host);
    const fresh = isOfThisBoot(now, said);
    const dated = typeof said === "string" ? undefined : said;
    return {
      host,
      type: now?.type ?? types.get(host) ?? "",
      state,
      ...(state === "running" && now?.startedAt !== undefined
        ? { since: now.startedAt.toISOString() }
        : {}),
      ...(state === "running" && fresh && dated !== undefined
        ? { ready: dated.verdict.ready }
        : {}),
      words: wordsOf(state, said, fresh),
    };
  });
  const states = new Map(hosts.map(({ host, state }) => [host, state]));
  const byIndex = new Map(plan.hosts.map(({ index, name }) => [index, name]));
  const environments = plan.environments.map(({ user, container, host: index }) => {
    const host = byIndex.get(index) ?? "";
    const said = verdicts.get(host);
    const verdict = said === undefined || typeof said === "string" ? undefined : said.verdict;
    const decision = verdict === undefined ? undefined : decisionOf(verdict, user);
    const fresh = isOfThisBoot(instances.get(host), said);
    return {
      user,
      container,
      host,
      state: environmentState(states.get(host) ?? "missing", fresh ? verdict : undefined, user),
      ...(decision === undefined ? {} : { decision }),
    };
  });
  const running = hosts.filter(({ state }) => state === "running" || state === "pending").length;
  const { perHour, perHourStopped, pricesAsOf } = plan.cost;
  const part = plan.hosts.length === 0 ? 0 : Math.min(1, running / plan.hosts.length);
  const perHourNow = cents(perHourStopped + (perHour - perHourStopped) * part);
  return {
    hosts,
    environments,
    cost: { perHour, perHourStopped, pricesAsOf, ...(found === undefined ? {} : { perHourNow }) },
  };
}

function isOfThisBoot(now: HostNow | undefined, said: DatedVerdict | string | undefined): boolean {
  if (said === undefined || typeof said === "string") return false;
  return now === undefined || isFresh(said, now, undefined);
}

function environmentState(host: string, verdict: Verdict | undefined, user: string): string {
  if (host === "unknown" || host === "missing") return host;
  if (host === "stopped" || host === "stopping") return "stopped";
  return verdict === undefined ? "starting" : (verdict.environments[user]?.state ?? "unknown");
}
