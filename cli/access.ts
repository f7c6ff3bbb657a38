import * as fs from "node:fs";
import * as path from "node:path";
import { endpointsOf, knownHostsLine, sshConfig } from "../components/endpoints";
import type { Endpoint } from "../components/endpoints/model";
import { shellWord } from "../components/lookups/machine";
import { madeKeyFile } from "./bootstrap/sshKey";
import { readHostKey } from "./environments";
import type { DecidedStack } from "./loadStack";
import type { StackOnFile } from "./readStack";
import { replaceFile } from "./stackFile";

/** Files by which `ssh` reaches a stack's environments. */
export interface AccessFiles {
  readonly sshConfig: string;
  readonly knownHosts: string;
}

/** Where a stack's access files are. */
export function accessFiles(work: string): AccessFiles {
  return { sshConfig: path.join(work, "ssh_config"), knownHosts: path.join(work, "known_hosts") };
}

/** The key that gpudev made for a person without one, where it did. */
function madeKey({ folders }: StackOnFile): { file: string; publicKey: string } | undefined {
  const file = madeKeyFile(folders.state);
  if (!fs.existsSync(file) || !fs.existsSync(`${file}.pub`)) return undefined;
  return { file, publicKey: fs.readFileSync(`${file}.pub`, "utf8") };
}

function takesKey({ settings }: StackOnFile, user: string, publicKey: string): boolean {
  const body = publicKey.split(" ", 2).join(" ");
  const keys = settings.users.find(({ name }) => name === user)?.sshKeys ?? [];
  return keys.some((key) => key.includes(body));
}

/** The key that gpudev made for a person, where the user's environment takes it: what `ssh` should log in with. */
export function ownKeyFile(stack: StackOnFile, user: string): string | undefined {
  const made = madeKey(stack);
  return made !== undefined && takesKey(stack, user, made.publicKey) ? made.file : undefined;
}

/**
 * Fetches the environments' public host keys over the daemon's own channel and writes `known_hosts` and
 * `ssh_config`.
 * @returns users whose key could not be had: their environment is not running
 */
export async function writeAccessFiles(decided: DecidedStack): Promise<string[]> {
  const files = accessFiles(decided.folders.work);
  const endpoints = endpointsOf(decided.plan).filter(({ ssh }) => ssh !== undefined);
  const keys = await Promise.all(
    endpoints.map(async (endpoint) => ({
      endpoint,
      key: await readHostKey(decided, endpoint.environment),
    })),
  );
  const lines = keys.flatMap(({ endpoint, key }) =>
    key === undefined ? [] : [knownHostsLine(endpoint, key)],
  );
  replaceFile(files.knownHosts, lines.map((line) => `${line}\n`).join(""));
  const blocks = endpoints.map((endpoint) => {
    const identityFile = ownKeyFile(decided, endpoint.user);
    return sshConfig([endpoint], {
      knownHostsFile: files.knownHosts,
      ...(identityFile === undefined ? {} : { identityFile }),
    });
  });
  replaceFile(files.sshConfig, blocks.join("\n"));
  return keys.flatMap(({ endpoint, key }) => (key === undefined ? [endpoint.user] : []));
}

/** The command that logs a user in. */
export function sshCommand(endpoint: Endpoint, files: AccessFiles): string {
  if (endpoint.ssh === undefined) return "";
  const { sshConfig: file } = files;
  // Typed as it stands, also where the state directory's path has spaces.
  const word = /^[\w./-]+$/.test(file) ? file : shellWord(file);
  return `ssh -F ${word} ${endpoint.ssh.alias}`;
}
