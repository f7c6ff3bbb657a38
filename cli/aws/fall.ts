import type { OpMap } from "@pulumi/pulumi/automation";
import { nextRung, placeText, type RungPlace } from "../../components/plan/aws/capacity";
import { resolveLadder } from "../../components/plan/aws/ladder";
import { makeAwsPlan } from "../../components/plan/aws/makeAwsPlan";
import { awsMembers } from "../../components/plan/aws/members";
import type { AwsPlan } from "../../components/plan/aws/model";
import type { AwsStack } from "../../components/plan/aws/stack";
import { confirm } from "../confirm";
import type { Context } from "../context";
import { operate } from "../engine/operate";
import { withoutProtection } from "../engine/protection";
import type { Engine } from "../engine/workspace";
import { CommandFailure, ExitCode } from "../outcome";
import { hasErrors } from "../output/findings";
import type { DecidedAwsStack } from "./awsStack";
import { deployedOf } from "./deployed";
import { ec2In } from "./clients";
import { hostsNow } from "./hosts";
import { recordValues } from "./record";
import { CapacityFailure, upOnce, type UpOnceOptions } from "./upOnce";

const RUNG = "gpudev:aws.hosts.rung";
const ZONE = "gpudev:aws.homes.zone";

/** A stack on one step of its ladder. */
interface Standing {
  readonly decided: DecidedAwsStack;
  readonly rung: number;
}

/** The ladder, as far as going down needs it. */
function ladderOf({ settings, lookups }: Pick<DecidedAwsStack, "settings" | "lookups">) {
  const { rungs } = resolveLadder(settings, lookups, awsMembers(settings).value).value;
  return rungs.map(({ type, market, zone }): RungPlace => ({
    type: type.type,
    market,
    ...(zone === undefined ? {} : { zone }),
    ...(lookups.offerings.known ? { offered: lookups.offerings.value[type.type] ?? [] } : {}),
  }));
}

const zoneOf = (plan: AwsPlan) => plan.hosts[0]?.zone;

/** Whether no home exists yet, so that the zone may still change. */
function isFresh({ settings, lookups }: Pick<DecidedAwsStack, "settings" | "lookups">): boolean {
  const { kind, zone } = settings.aws.homes;
  if (kind === "efs") return true;
  return zone === undefined && lookups.volumes.known && lookups.volumes.value.length === 0;
}

/** The stack on another step of its ladder: the same answers of AWS, decided anew. */
function onRung({ decided }: Standing, rung: number, pinned: string | undefined): DecidedAwsStack {
  const { settings, lookups } = decided;
  const { aws } = settings;
  const bound = aws.homes.kind === "volume" && pinned !== undefined ? { zone: pinned } : {};
  const moved: AwsStack = {
    ...settings,
    aws: { ...aws, hosts: { ...aws.hosts, rung }, homes: { ...aws.homes, ...bound } },
  };
  const plan = makeAwsPlan(moved, lookups);
  return { ...decided, settings: moved, plan, findings: plan.findings };
}

/** Removes homes volumes that this run made and no machine ever had: they are empty, and in the wrong zone. */
async function dropEmptyHomes(context: Context, engine: Engine): Promise<void> {
  const deployment = await engine.exportState();
  const { unattached } = deployedOf(deployment);
  if (unattached.length === 0) return;
  const urns = unattached.map(({ urn }) => urn);
  await engine.importState(urns.reduce(withoutProtection, deployment));
  await operate(context.progress, "Remove homes volumes that were never used", false, (run) =>
    engine.destroyTargets(urns, run),
  );
}

/** Asks before machines that run become another type, which nobody has asked for. */
async function askForOthers({ plan }: DecidedAwsStack, to: string, yes: boolean): Promise<void> {
  const running = (await hostsNow(ec2In(plan.region), plan.id)).filter(
    ({ state }) => state === "running",
  );
  if (running.length === 0) return;
  await confirm({
    yes,
    question: `All hosts of a stack are of one type: going on with ${to} ends what runs on ${running.map(({ name }) => name).join(", ")}; homes stay. Go on?`,
    withoutTerminal: "refuse",
  });
}

/** Which step comes after those that were tried, leaving out steps that would not do. */
function choose(
  standing: Standing,
  fresh: boolean,
  tried: readonly string[],
  skipped: string[],
): Standing | undefined {
  const rungs = ladderOf(standing.decided);
  const pinned = fresh ? undefined : zoneOf(standing.decided.plan);
  let from = standing.rung;
  for (;;) {
    const rung = nextRung(rungs, from, pinned, tried);
    if (rung === undefined) return undefined;
    const decided = onRung(standing, rung, pinned);
    if (!hasErrors(decided.findings)) return { decided, rung };
    const why = decided.findings.find(({ severity }) => severity === "error")?.message ?? "";
    skipped.push(
      `${placeText(rungs[rung] ?? { type: "", market: "on-demand" }, undefined)} (${why})`,
    );
    from = rung;
  }
}

function endOfLadder(tried: readonly string[], skipped: readonly string[]): CommandFailure {
  const left = skipped.length === 0 ? "" : ` Left out: ${skipped.join("; ")}.`;
  return new CommandFailure(
    ExitCode.failed,
    `AWS has no capacity for any step of the ladder. Tried: ${tried.join("; ")}.${left}`,
    "Try again later: capacity changes by the hour. Or add types, zones or markets to gpudev:aws.hosts.ladder, or reserve capacity (hosts.capacityReservation). What is made already stays.",
  );
}

/**
 * Records where the next run begins: on the step that hosts are of, so that none of them is changed;
 * without hosts at the top, as far as the homes' zone lets it.
 */
async function recordStart(
  context: Context,
  engine: Engine,
  first: DecidedAwsStack,
  last: DecidedAwsStack,
): Promise<void> {
  const { hosts } = deployedOf(await engine.exportState());
  const homes = last.settings.aws.homes.kind === "efs" ? undefined : zoneOf(last.plan);
  const { rung } = first.settings.aws.hosts;
  const start =
    Object.keys(hosts).length > 0 ? rung : (nextRung(ladderOf(last), -1, homes, []) ?? rung);
  recordValues(context, last, { [RUNG]: start });
}

/**
 * Brings a stack up; where AWS has no capacity, goes down the ladder step by step and records in the
 * stack file which one is in use. Once homes exist, only steps in their zone come into question.
 * @param use makes the engine's program deploy a plan
 * @throws CommandFailure (failed) at the ladder's end, with what was tried
 */
export async function upOnLadder(
  context: Context,
  engine: Engine,
  first: DecidedAwsStack,
  use: (plan: AwsPlan) => void,
  options: UpOnceOptions,
): Promise<{ readonly decided: DecidedAwsStack; readonly changes: OpMap }> {
  const fresh = isFresh(first);
  const tried: string[] = [];
  const places: string[] = [];
  const skipped: string[] = [];
  let standing: Standing = { decided: first, rung: first.settings.aws.hosts.rung };
  for (;;) {
    const { decided, rung } = standing;
    use(decided.plan);
    try {
      return { decided, changes: await upOnce(context, engine, decided, options) };
    } catch (error) {
      if (!(error instanceof CapacityFailure)) throw error;
      const [zone, failed] = [zoneOf(decided.plan), ladderOf(decided)[rung]];
      if (failed === undefined) throw error;
      const place = placeText(failed, zone);
      tried.push(`${place} (${error.code})`);
      places.push(place, placeText(failed, failed.zone));
      const next = choose(standing, fresh, places, skipped);
      if (next === undefined) {
        await recordStart(context, engine, first, decided);
        throw endOfLadder(tried, skipped);
      }
      const to = zoneOf(next.decided.plan);
      const step = ladderOf(next.decided)[next.rung] ?? failed;
      context.progress.note(
        `AWS has no ${place} now (${error.code}): going on with ${placeText(step, to)}.`,
      );
      await askForOthers(decided, placeText(step, to), options.yes);
      const moved = decided.settings.aws.homes.kind === "volume" && to !== undefined && to !== zone;
      if (moved) await dropEmptyHomes(context, engine);
      recordValues(context, decided, { [RUNG]: next.rung, ...(moved ? { [ZONE]: to } : {}) });
      standing = next;
    }
  }
}
