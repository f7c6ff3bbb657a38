import type { Deployment } from "@pulumi/pulumi/automation";
import { forgetSeat } from "../../components/settings";
import { confirm } from "../confirm";
import type { Context } from "../context";
import { STACK_ID_LABEL } from "../docker";
import { ensurePulumiCli } from "../engine/cli";
import { clearLocks, engineOn } from "../engine/open";
import { operate } from "../engine/operate";
import { recover, stateOf, withState, type StateResource } from "../engine/recover";
import { VOLUME } from "../engine/resourceTypes";
import { loadStack, stackName, type LoadedStack } from "../loadStack";
import { CommandFailure, ExitCode, type Report } from "../outcome";
import { readSeatRecord, writeSeatRecord } from "../seatRecord";
import { replaceFile } from "../stackFile";
import { withStack } from "../withStack";

export interface ForgetOptions {
  readonly yes: boolean;
}

/** The state with one resource's protection taken off. */
export function withoutProtection(deployment: Deployment, urn: string): Deployment {
  const state = stateOf(deployment);
  const resources = (state.resources ?? []).map((resource) =>
    resource.urn === urn ? { ...resource, protect: false } : resource,
  );
  return withState(deployment, { ...state, resources });
}

/** The home volume's resource in the state. */
export function homeInState(deployment: Deployment, volume: string): StateResource | undefined {
  return stateOf(deployment).resources?.find(({ type, id }) => type === VOLUME && id === volume);
}

function refuseUser(loaded: LoadedStack, user: string): void {
  if (loaded.settings.users.some(({ name }) => name === user))
    throw new CommandFailure(
      ExitCode.badInput,
      `${user} is a user of stack ${loaded.stack}: the home is in use.`,
      `Take ${user} out first: \`gpudev remove ${user}\`, then \`gpudev up\`.`,
    );
}

async function deleteFromState(
  context: Context,
  loaded: LoadedStack,
  id: string,
  volume: string,
): Promise<void> {
  const cli = await ensurePulumiCli(context.progress);
  await clearLocks(context, loaded);
  const engine = await engineOn(context, loaded, cli, () => undefined);
  await recover(engine, loaded.docker, id, context.progress);
  const deployment = await engine.exportState();
  const home = homeInState(deployment, volume);
  if (home === undefined) return;
  await engine.importState(withoutProtection(deployment, home.urn));
  await operate(context.progress, `Delete ${volume}`, false, (run) =>
    engine.destroyTargets([home.urn], run),
  );
}

/** Deletes the volume where it is still there: one that the state lacks, or that is kept when it leaves the state. */
async function deleteVolume(loaded: LoadedStack, id: string, volume: string): Promise<boolean> {
  const label = `{{index .Labels "${STACK_ID_LABEL}"}}`;
  const found = await loaded.docker.try(["volume", "inspect", "--format", label, volume]);
  if (found.exitCode !== 0 || found.stdout.trim() !== id) return false;
  await loaded.docker.run(["volume", "rm", volume]);
  return true;
}

function freeSlot(loaded: LoadedStack, user: string): void {
  if (Object.hasOwn(loaded.settings.seats, user))
    replaceFile(loaded.file, forgetSeat(loaded.text, user));
  const record = readSeatRecord(loaded.folders.seatsFile);
  if (record === undefined) return;
  const seats = Object.fromEntries(Object.entries(record.seats).filter(([name]) => name !== user));
  writeSeatRecord(loaded.folders.seatsFile, { id: record.id, seats });
}

/** `gpudev forget NAME`: deletes the home of a user who has left, and frees the slot. */
export async function forget(
  context: Context,
  user: string,
  options: ForgetOptions,
): Promise<Report> {
  const stack = stackName(context);
  return withStack(context, stack, "forget", async () => {
    const loaded = loadStack(context);
    refuseUser(loaded, user);
    const { id, ...seats } = loaded.settings.seats;
    if (id === undefined || !Object.hasOwn(seats, user))
      throw new CommandFailure(
        ExitCode.badInput,
        `Stack ${stack} has no home of \`${user}\`.`,
        `Homes of users who have left: ${
          Object.keys(seats)
            .filter((name) => !loaded.settings.users.some((one) => one.name === name))
            .join(", ") || "none"
        }.`,
      );
    const volume = `gpudev-${stack}-${user}-home`;
    await confirm({
      yes: options.yes,
      question: `Delete ${volume}, with everything that ${user} has in it, for good?`,
      withoutTerminal: "refuse",
    });
    await deleteFromState(context, loaded, id, volume);
    await deleteVolume(loaded, id, volume);
    freeSlot(loaded, user);
    context.print(`${volume} is deleted, and the slot of ${user} is free.`);
    return { stack, findings: [], user, deleted: volume };
  });
}
