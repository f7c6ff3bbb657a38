import { namesOf } from "../components/plan/names";
import type { LoadedStack } from "./loadStack";
import { CommandFailure, ExitCode } from "./outcome";

/** Folder in an environment where its credentials are born and kept. */
const CREDENTIALS = "/home/dev/.config/gpudev";

const WHY_NOT =
  "Look at it with `gpudev status`; `gpudev up` makes it and starts it where it is stopped.";

/**
 * The container of a user of the stack.
 * @throws CommandFailure (bad input) where the stack has no such user
 */
export function containerOf(loaded: LoadedStack, user: string): string {
  const names = loaded.settings.users.map(({ name }) => name);
  if (names.includes(user)) return namesOf(loaded.stack, user).container;
  throw new CommandFailure(
    ExitCode.badInput,
    `Stack ${loaded.stack} has no user \`${user}\`.`,
    names.length === 0 ? "It has no users." : `Its users: ${names.join(", ")}.`,
  );
}

async function readInside(
  loaded: LoadedStack,
  container: string,
  file: string,
): Promise<string | undefined> {
  const result = await loaded.docker.try(["exec", container, "cat", `${CREDENTIALS}/${file}`]);
  return result.exitCode === 0 && result.stdout.trim() !== "" ? result.stdout.trim() : undefined;
}

/** The public SSH host key of an environment; undefined where it is not running or has no SSH. */
export function readHostKey(loaded: LoadedStack, container: string): Promise<string | undefined> {
  return readInside(loaded, container, "ssh/ssh_host_ed25519_key.pub");
}

/**
 * The Jupyter token of an environment, over the daemon's own channel.
 * @throws CommandFailure (failed) where the environment is not running
 */
export async function readToken(loaded: LoadedStack, container: string): Promise<string> {
  const token = await readInside(loaded, container, "jupyter-token");
  if (token !== undefined) return token;
  throw new CommandFailure(ExitCode.failed, `${container} gives no Jupyter token.`, WHY_NOT);
}

/** A Jupyter address with its token: for its owner's eyes. */
export function jupyterLink(address: string, token: string): string {
  const link = new URL(address);
  link.searchParams.set("token", token);
  return link.href;
}
