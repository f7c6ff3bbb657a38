import * as fs from "node:fs";
import type { Deployment } from "@pulumi/pulumi/automation";
import { STACK_ID_LABEL } from "../../components/catalog/labels";
import { namesOf } from "../../components/plan/names";
import { authorizedKeysFolder } from "../../components/plan/profile";
import { forgetSeat } from "../../components/settings";
import { confirm } from "../confirm";
import type { Context } from "../context";
import { dockerFailure, type Docker } from "../docker";
import { ensurePulumiCli } from "../engine/cli";
import { clearLocks, engineOn } from "../engine/open";
import { operate } from "../engine/operate";
import { withoutProtection } from "../engine/protection";
import { recover, stateOf, type StateResource } from "../engine/recover";
import { VOLUME } from "../engine/resourceTypes";
import { loadStack, rememberedSettings, type LoadedStack } from "../loadStack";
import { stackName } from "../readStack";
import { mayNotEnd } from "../mayEnd";
import { CommandFailure, ExitCode, type Report } from "../outcome";
import { readSeatRecord, writeSeatRecord } from "../seatRecord";
import { replaceFile } from "../stackFile";
import { withStack } from "../withStack";

export interface ForgetOptions {
  readonly yes: boolean;
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
  const { stack, docker } = loaded;
  await recover(engine, docker, { stack, id }, context.progress, mayNotEnd);
  const deployment = await engine.exportState();
  const home = homeInState(deployment, volume);
  if (home === undefined) return;
  await engine.importState(withoutProtection(deployment, home.urn));
  await operate(context.progress, `Delete ${volume}`, false, (run) =>
    engine.destroyTargets([home.urn], run),
  );
}

/** Value of the stack's label on a volume, empty where it has none; nothing where there is no such volume. */
async function ownerOf(docker: Docker, volume: string): Promise<string | undefined> {
  const label = `{{with index .Labels "${STACK_ID_LABEL}"}}{{.}}{{end}}`;
  const args = ["volume", "inspect", "--format", label, volume];
  const found = await docker.try(args);
  if (found.exitCode === 0) return found.stdout.trim();
  if (/no such volume/i.test(found.stderr)) return undefined;
  throw dockerFailure(args, found);
}

/**
 * Whether a home is there to delete.
 * @throws CommandFailure (failed) where the volume of that name is another's, which is left
 */
export async function hasOwnHome(docker: Docker, id: string, volume: string): Promise<boolean> {
  const owner = await ownerOf(docker, volume);
  if (owner === undefined) return false;
  if (owner === id) return true;
  throw new CommandFailure(
    ExitCode.failed,
    `${volume} is left as it is: ${owner === "" ? "it has no gpudev label" : `it belongs to the stack with id ${owner}`}, and this stack's id is ${id}.`,
    `Look what it holds (docker volume inspect ${volume}). If nobody needs it, remove it (docker volume rm ${volume}) and run this again, which frees the slot.`,
  );
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
    const { id, ...seats } = rememberedSettings(loaded).seats;
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
    const volume = namesOf(stack, user).homeVolume;
    await hasOwnHome(loaded.docker, id, volume);
    await confirm({
      yes: options.yes,
      question: `Delete ${volume}, with everything that ${user} has in it, for good?`,
      withoutTerminal: "refuse",
    });
    await deleteFromState(context, loaded, id, volume);
    // One that the state lacks, or that is kept when it leaves the state.
    if (await hasOwnHome(loaded.docker, id, volume))
      await loaded.docker.run(["volume", "rm", volume]);
    fs.rmSync(authorizedKeysFolder(loaded.folders.state, stack, user), {
      recursive: true,
      force: true,
    });
    freeSlot(loaded, user);
    context.print(`${volume} is deleted, and the slot of ${user} is free.`);
    return { stack, findings: [], user, deleted: volume };
  });
}
