import * as fs from "node:fs";
import * as path from "node:path";
import { runCommand } from "../../components/lookups/command";
import { keyProblem } from "../../components/settings/sshKeys";
import type { Progress } from "../progress";
import { notReady } from "./notReady";

/** A public key that was found, in `authorized_keys` form, and where. */
export interface FoundKey {
  readonly line: string;
  readonly source: string;
}

/** The keys that the stack file gets, and what to say about the ones it does not. */
export interface KeyChoice {
  readonly keys: readonly FoundKey[];
  readonly skipped: readonly string[];
}

/** OpenSSH's default names (man ssh, IdentityFile), strongest first. */
const KEY_NAMES = ["id_ed25519", "id_ed25519_sk", "id_ecdsa", "id_ecdsa_sk", "id_rsa"] as const;

/** Where gpudev keeps the key that it makes for a person who has none. */
export function madeKeyFile(stateDirectory: string): string {
  return path.join(stateDirectory, "ssh", "id_ed25519");
}

/** The usable ones of the keys that were found, each once. */
export function chooseKeys(found: readonly FoundKey[]): KeyChoice {
  const keys = new Map<string, FoundKey>();
  const skipped: string[] = [];
  for (const key of found) {
    const problem = keyProblem(key.line);
    const body = key.line.split(" ").slice(0, 2).join(" ");
    if (problem !== undefined) skipped.push(`${key.source}: ${problem.message}`);
    else if (!keys.has(body)) keys.set(body, key);
  }
  return { keys: [...keys.values()], skipped };
}

/** Public keys in the person's `.ssh` whose private half lies beside them, and those of the agent. */
async function findKeys(home: string, agent: boolean): Promise<readonly FoundKey[]> {
  const folder = path.join(home, ".ssh");
  const files = KEY_NAMES.map((name) => path.join(folder, name))
    .filter((file) => fs.existsSync(file) && fs.existsSync(`${file}.pub`))
    .map((file) => `${file}.pub`)
    .map((file) => ({ line: fs.readFileSync(file, "utf8").trim(), source: file }));
  if (!agent) return files;
  const listed = await runCommand("ssh-add", ["-L"], { timeout: 5_000 });
  const held = listed.exitCode === 0 ? listed.stdout.split("\n") : [];
  const lines = held.map((line) => line.trim()).filter((line) => line !== "");
  return [...files, ...lines.map((line) => ({ line, source: "the SSH agent's key" }))];
}

/**
 * The person's own public keys, or one that is made: Ed25519, without passphrase, 0600, in the state
 * directory. A key that was made before is used again.
 * @throws CommandFailure (not ready) where ssh-keygen is missing or fails.
 */
export async function ownKeys(
  progress: Progress,
  person: { readonly home: string; readonly login: string },
  stateDirectory: string,
  env: NodeJS.ProcessEnv,
): Promise<readonly string[]> {
  const choice = chooseKeys(await findKeys(person.home, env.SSH_AUTH_SOCK !== undefined));
  choice.skipped.forEach((line) => progress.note(`SSH key left out: ${line}`));
  if (choice.keys.length > 0) {
    progress.note(`SSH: your own key, ${choice.keys.map((key) => key.source).join(", ")}`);
    return choice.keys.map((key) => key.line);
  }
  const file = madeKeyFile(stateDirectory);
  if (!fs.existsSync(file) || !fs.existsSync(`${file}.pub`)) {
    progress.note(`SSH: there is no key of yours, so making one: ${file}`);
    await makeKey(file, `${person.login}@gpudev`);
  }
  return [fs.readFileSync(`${file}.pub`, "utf8").trim()];
}

async function makeKey(file: string, comment: string): Promise<void> {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  // ssh-keygen asks before it overwrites; a half left by a killed run is of no use to anyone.
  fs.rmSync(file, { force: true });
  fs.rmSync(`${file}.pub`, { force: true });
  const args = ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", file];
  const made = await runCommand("ssh-keygen", args);
  if (made.exitCode === 0) return;
  throw notReady(
    `No SSH key could be made: ${made.stderr.trim() || "ssh-keygen failed"}`,
    "Install the OpenSSH client: sudo apt-get install openssh-client",
  );
}
