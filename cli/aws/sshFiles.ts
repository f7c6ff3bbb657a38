import * as fs from "node:fs";
import {
  knownHostsLine,
  sessionProxy,
  sshConfig,
  type AwsWay,
  type Endpoint,
} from "../../components/endpoints";
import { accessFiles, ownKeyFile, type AccessFiles } from "../access";
import { CommandFailure, ExitCode } from "../outcome";
import { replaceFile } from "../stackFile";
import type { AwsStackOnFile } from "./awsStack";
import { ssmIn } from "./clients";
import { notPublished, readPublished, waysOf } from "./ways";

/** How many users are asked about at once: SSM takes some tens of questions a second. */
const AT_ONCE = 8;

/** What `ssh` has to know of one user. */
interface Known {
  readonly way: AwsWay;
  /** Text of the public host key. */
  readonly hostKey: string;
  /** Public address, where the way is direct and has no name. */
  readonly address?: string;
}

/** How `ssh` reaches a user: past SSM where settings open it and the host has said where it is. */
export function sshEndpoint(way: AwsWay, address: string | undefined): Endpoint {
  const { user, alias, ssh, direct } = way;
  if (ssh === undefined) throw new Error(`${alias} has no SSH`);
  const host = direct?.name ?? (direct === undefined ? undefined : address);
  return {
    user,
    environment: alias,
    ssh: {
      // Through a session no name is looked up: this one only stands in messages.
      host: host ?? alias,
      port: ssh.port,
      user: "dev",
      alias,
      ...(host === undefined ? { proxyCommand: sessionProxy(ssh, way.parameter("instance")) } : {}),
    },
    devices: [],
    pricePerHour: 0,
  };
}

async function ask(way: AwsWay): Promise<Known> {
  const ssm = ssmIn(way.region);
  const named = way.direct === undefined || way.direct.name !== undefined;
  const [hostKey, address] = await Promise.all([
    readPublished(ssm, way, "host-key"),
    named ? undefined : readPublished(ssm, way, "address"),
  ]);
  if (hostKey === undefined) throw notPublished(way, "its SSH host key");
  return { way, hostKey, ...(address === undefined ? {} : { address }) };
}

/** Entries that the stack's files hold already, by alias: those of users who are not asked about now. */
function kept(files: AccessFiles): Map<string, { readonly line: string; readonly block: string }> {
  if (!fs.existsSync(files.knownHosts) || !fs.existsSync(files.sshConfig)) return new Map();
  const blocks = fs.readFileSync(files.sshConfig, "utf8").split(/^(?=Host )/m);
  const lines = fs.readFileSync(files.knownHosts, "utf8").split("\n");
  return new Map(
    lines.flatMap((line) => {
      const [alias = ""] = line.split(" ");
      const block = blocks.find((text) => text.startsWith(`Host ${alias}\n`));
      return block === undefined ? [] : [[alias, { line, block: block.trimEnd() }] as const];
    }),
  );
}

/** The stack's files, and why users are not in them. */
export interface SshFiles extends AccessFiles {
  /** Users who were asked about and could not be reached, and why. */
  readonly missing: readonly { readonly user: string; readonly why: CommandFailure }[];
}

/**
 * Fetches host keys and writes `known_hosts` and `ssh_config`; what the files hold of other users of the stack stays.
 * @param users about whom to ask
 */
export async function writeSshFiles(
  read: AwsStackOnFile,
  users: readonly AwsWay[],
): Promise<SshFiles> {
  const files = accessFiles(read.folders.work);
  const entries = kept(files);
  const missing: { user: string; why: CommandFailure }[] = [];
  const queue = users.filter(({ ssh }) => ssh !== undefined);
  const work = async () => {
    for (let way = queue.shift(); way !== undefined; way = queue.shift()) {
      try {
        entries.set(way.alias, entryOf(read, files, await ask(way)));
      } catch (problem) {
        if (!(problem instanceof CommandFailure)) throw problem;
        // Nobody's parameters can be read: asking on would say the same of everyone.
        if (problem.exitCode === ExitCode.notReady) throw problem;
        missing.push({ user: way.user, why: problem });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const present = waysOf(read).flatMap(({ alias }) => entries.get(alias) ?? []);
  fs.mkdirSync(read.folders.work, { recursive: true, mode: 0o700 });
  replaceFile(files.knownHosts, present.map(({ line }) => `${line}\n`).join(""));
  replaceFile(files.sshConfig, present.map(({ block }) => `${block}\n`).join("\n"));
  return { ...files, missing };
}

function entryOf(read: AwsStackOnFile, files: AccessFiles, { way, hostKey, address }: Known) {
  const endpoint = sshEndpoint(way, address);
  const identityFile = ownKeyFile(read, way.user);
  const block = sshConfig([endpoint], {
    knownHostsFile: files.knownHosts,
    ...(identityFile === undefined ? {} : { identityFile }),
  });
  return { line: knownHostsLine(endpoint, hostKey), block: block.trimEnd() };
}
