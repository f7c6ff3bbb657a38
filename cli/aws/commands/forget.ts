import * as fs from "node:fs";
import { awsPrefix } from "../../../components/plan/aws/awsNames";
import { forgetSeat, type Seat } from "../../../components/settings";
import { confirm } from "../../confirm";
import type { Context } from "../../context";
import { ensurePulumiCli } from "../../engine/cli";
import { resourceName } from "../../engine/events";
import { operate } from "../../engine/operate";
import { withoutProtection } from "../../engine/protection";
import type { StateResource } from "../../engine/recover";
import type { Engine } from "../../engine/workspace";
import { CommandFailure, ExitCode, type Report } from "../../outcome";
import { readSeatRecord, writeSeatRecord } from "../../seatRecord";
import { replaceFile } from "../../stackFile";
import { withStack } from "../../withStack";
import type { AwsStackOnFile } from "../awsStack";
import { ssmIn } from "../clients";
import { ACCESS_POINT, deployedOf, VOLUME, type Deployed } from "../deployed";
import { awsFailure } from "../failures";
import { forgetOnHost } from "../forgetOnHost";
import { ENGINEERS_POLICY, requireBackend } from "../needAws";
import { openAwsEngine } from "../openAws";
import { deletePublished } from "../published";
import { rememberedSeats } from "../rememberedSeats";

export interface ForgetOptions {
  readonly yes: boolean;
}

/** Where a leaver's home is, and who else has one there. */
interface Leaver {
  readonly user: string;
  readonly host: string;
  /** Others with a seat on the host, leavers too. */
  readonly neighbours: readonly string[];
}

function leaverOf(stack: AwsStackOnFile, user: string): Leaver {
  const { settings, stack: name } = stack;
  if (settings.users.some((one) => one.name === user))
    throw new CommandFailure(
      ExitCode.badInput,
      `${user} is a user of stack ${name}: the home is in use.`,
      `Take ${user} out first: \`gpudev remove ${user}\`, then \`gpudev up\`.`,
    );
  const seats: Readonly<Record<string, Seat | string | undefined>> = rememberedSeats(stack);
  const seat = Object.hasOwn(seats, user) ? seats[user] : undefined;
  if (seat === undefined || typeof seat === "string") {
    const left = Object.entries(seats).flatMap(([one, its]) =>
      typeof its === "string" || settings.users.some((u) => u.name === one) ? [] : [one],
    );
    throw new CommandFailure(
      ExitCode.badInput,
      `Stack ${name} has no home of \`${user}\`.`,
      `Homes of users who have left: ${left.join(", ") || "none"}.`,
    );
  }
  const neighbours = Object.entries(seats).flatMap(([other, one]) =>
    other !== user && typeof one !== "string" && one?.host === seat.host ? [other] : [],
  );
  return { user, host: `host-${seat.host}`, neighbours };
}

/** What deleting the home comes down to. */
type Way =
  | { readonly kind: "resource"; readonly resource: StateResource; readonly question: string }
  | { readonly kind: "folder"; readonly instanceId: string; readonly question: string }
  | { readonly kind: "nothing" };

function wayOf({ homes, hosts }: Deployed, { user, host, neighbours }: Leaver): Way {
  const named = (type: string, name: string) =>
    homes.find((one) => one.type === type && resourceName(one.urn) === name);
  const point = homes.find(
    ({ type, urn }) => type === ACCESS_POINT && resourceName(urn).endsWith(`-efs-${user}`),
  );
  if (point !== undefined)
    return {
      kind: "resource",
      resource: point,
      question: `Delete the EFS access point of ${user}? Its files stay in the file system below /homes/${user} until somebody with the whole file system mounted deletes them.`,
    };
  const volume = named(VOLUME, `gpudev-homes-${host}`);
  if (volume === undefined) return { kind: "nothing" };
  const machine = hosts[host];
  if (neighbours.length === 0) {
    if (machine !== undefined)
      throw new CommandFailure(
        ExitCode.badInput,
        `${host} still stands, and its homes volume with it.`,
        `Run \`gpudev up\` first, which takes ${host} away; then run this again.`,
      );
    return {
      kind: "resource",
      resource: volume,
      question: `Delete the volume ${volume.id ?? ""} with the home of ${user} and nobody else's? AWS takes a last snapshot of it.`,
    };
  }
  if (machine === undefined)
    throw new CommandFailure(
      ExitCode.badInput,
      `The home of ${user} is a folder on the homes volume of ${host}, which it shares with ${neighbours.join(", ")}; only ${host} itself can delete it, and there is no ${host} now.`,
      `It goes once ${host} has a user again and runs; or forget ${neighbours.join(", ")} too, and the volume goes as a whole.`,
    );
  return {
    kind: "folder",
    instanceId: machine.instanceId,
    question: `Delete the home of ${user} on ${host}, with everything in it, for good? Daily snapshots keep it for as long as they are kept.`,
  };
}

async function deleteResource(context: Context, engine: Engine, { urn }: StateResource) {
  await engine.importState(withoutProtection(await engine.exportState(), urn));
  await operate(context.progress, `Delete ${resourceName(urn)}`, false, (run) =>
    engine.destroyTargets([urn], run),
  );
}

async function deleteFolder(
  context: Context,
  stack: AwsStackOnFile,
  instanceId: string,
  { user, host }: Leaver,
): Promise<void> {
  const ssm = ssmIn(stack.settings.aws.region);
  const prefix = awsPrefix(stack.stack, rememberedSeats(stack).id ?? "");
  await context.progress.step(`Delete the home of ${user} on ${host}`, async () => {
    const done = await forgetOnHost(ssm, prefix, instanceId, user).catch((problem: unknown) => {
      if (problem instanceof Error && /InvalidInstanceId|NotConnected/.test(problem.name))
        throw new CommandFailure(
          ExitCode.failed,
          `${host} does not run, and only it can delete a folder of its homes volume.`,
          `Start it (\`gpudev start\` with a user of ${host}), and run this again.`,
        );
      throw awsFailure(problem, `Deleting the home of ${user}`, ENGINEERS_POLICY);
    });
    if (!done.ok)
      throw new CommandFailure(
        ExitCode.failed,
        `${host} did not delete the home of ${user}: ${done.words}`,
        "Mend what it says and run this again; the seat is kept until then.",
      );
  });
}

function freeSeat({ file, folders, settings }: AwsStackOnFile, user: string): void {
  if (Object.hasOwn(settings.seats, user))
    replaceFile(file, forgetSeat(fs.readFileSync(file, "utf8"), user));
  const record = readSeatRecord(folders.seatsFile);
  if (record === undefined) return;
  const seats = Object.fromEntries(Object.entries(record.seats).filter(([name]) => name !== user));
  writeSeatRecord(folders.seatsFile, { id: record.id, seats });
}

/** `gpudev forget NAME` on AWS: deletes the home of a user who has left, and frees the seat. */
export function forget(
  context: Context,
  stack: AwsStackOnFile,
  user: string,
  { yes }: ForgetOptions,
): Promise<Report> {
  return withStack(context, stack.stack, "forget", async () => {
    const findings = requireBackend(stack, context.env);
    const leaver = leaverOf(stack, user);
    const cli = await ensurePulumiCli(context.progress);
    const engine = await openAwsEngine(context, stack, cli, () => Promise.resolve({}));
    const way = wayOf(deployedOf(await engine.exportState()), leaver);
    if (way.kind !== "nothing")
      await confirm({ yes, question: way.question, withoutTerminal: "refuse" });
    if (way.kind === "resource") await deleteResource(context, engine, way.resource);
    if (way.kind === "folder") await deleteFolder(context, stack, way.instanceId, leaver);
    const { id } = rememberedSeats(stack);
    if (id !== undefined) await deletePublished(context, stack.settings.aws.region, id, user);
    freeSeat(stack, user);
    const deleted = way.kind === "resource" ? (way.resource.id ?? "") : way.kind;
    context.print(
      way.kind === "nothing"
        ? `${user} has no home in the state; the seat is free.`
        : `The home of ${user} is deleted, and the seat is free.`,
    );
    return { stack: stack.stack, findings, user, deleted };
  });
}
