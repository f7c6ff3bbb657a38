import * as fs from "node:fs";
import * as path from "node:path";
import { bootstrapSuite } from "../../components/catalog";
import { readLookups } from "../../components/lookups";
import { runCommand } from "../../components/lookups/command";
import type { Answer, DockerNetwork } from "../../components/lookups/model";
import { stateDirectory } from "../../components/lookups/paths";
import { toBlock } from "../../components/plan/ipv4";
import type { GpuRequest, Settings } from "../../components/settings/schema";
import { basePresent, briefReason, imagePresent } from "../bootstrap/base";
import { systemdRuns } from "../bootstrap/docker";
import { findExtraCa } from "../bootstrap/extraCa";
import { machineRanges } from "../bootstrap/freePlaces";
import { nvidiaOnBus } from "../bootstrap/gpuToolkit";
import { dockerOn } from "../docker";
import { readCliFacts } from "../engine/cli";
import { chooseCliSources, isAtHand } from "../engine/cliSource";
import { readDockerClients } from "./dockerClients";
import { readIndexes } from "./indexes";
import type { DoctorFacts, PulumiFacts, StateDirectoryFacts, Wants } from "./model";

/** What a stack's settings ask of its machine. */
export function wantsOf(settings: Settings): Wants {
  const { image, users, gpu, profiles, networks } = settings;
  const requests = users.map((user): GpuRequest => {
    const profile = user.profile === undefined ? undefined : profiles[user.profile];
    return user.gpus ?? profile?.gpus ?? gpu.perUser;
  });
  return {
    base: image.existing ?? image.base,
    users: Math.max(1, users.length),
    gpus: requests.length > 0 ? requests : [gpu.perUser],
    range: networks.range,
    ...(image.extraCa === undefined ? {} : { extraCa: image.extraCa }),
  };
}

/** Ranges that are not those of Docker's own networks: each of these has a bridge and a route here. */
export function foreignRanges(
  ranges: readonly string[],
  networks: readonly DockerNetwork[],
): readonly string[] {
  const key = (cidr: string) => JSON.stringify(toBlock(cidr));
  const own = new Set(networks.flatMap(({ subnets }) => subnets.map(key)));
  return ranges.filter((range) => !own.has(key(range)));
}

/** The nearest folder above that exists. */
function existing(folder: string): string {
  return fs.existsSync(folder) ? folder : existing(path.dirname(folder));
}

function mayWrite(folder: string): boolean {
  try {
    fs.accessSync(folder, fs.constants.W_OK | fs.constants.X_OK);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error) return false;
    throw error;
  }
}

/** Looks at the folder for keys, known hosts and the file backend. */
export function readStateDirectory(directory: string): StateDirectoryFacts {
  const stat = fs.statSync(directory, { throwIfNoEntry: false });
  const uid = process.geteuid?.();
  return {
    directory,
    exists: stat !== undefined,
    mode: (stat?.mode ?? 0) & 0o777,
    own: stat === undefined || stat.uid === uid,
    writable: mayWrite(existing(directory)),
  };
}

async function readSsh(): Promise<Answer<string>> {
  const answer = await runCommand("ssh", ["-V"]);
  const text = `${answer.stdout}${answer.stderr}`.trim();
  return answer.exitCode === 0
    ? { known: true, value: text.split(",")[0] ?? text }
    : { known: false, because: "ssh is not on PATH" };
}

/** Where a Pulumi CLI is or would come from. */
async function readPulumi(): Promise<PulumiFacts> {
  const facts = await readCliFacts(false);
  const { sources } = chooseCliSources(facts);
  const source = sources.find(isAtHand);
  const atHand = source === "path" ? facts.onPath : source && facts.cached;
  return { sources, ...(atHand === undefined ? {} : { atHand }) };
}

const HUB_MS = 15_000;

async function readBase(base: string, host?: string): Promise<DoctorFacts["base"]> {
  const suite = bootstrapSuite(base);
  if (suite !== undefined) {
    return (await basePresent(suite, host))
      ? { known: true, value: "present" }
      : { known: false, because: "it comes from the distribution's archive, by mmdebstrap" };
  }
  if (await imagePresent(base, host)) return { known: true, value: "present" };
  const asked = await dockerOn(host).try(["manifest", "inspect", base], { timeout: HUB_MS });
  if (asked.exitCode === 0) return { known: true, value: "offered" };
  const because = asked.timedOut ? "no answer in time" : briefReason(asked.stderr);
  return { known: false, because: `its hub does not give it (${because})` };
}

/** Asks everything, side by side, each question with a time limit. */
export async function readFacts(settings: Settings, env: NodeJS.ProcessEnv): Promise<DoctorFacts> {
  const host = settings.docker.host;
  const wants = wantsOf(settings);
  const [lookups, clients, pulumi, ssh, base, indexes, privateCa] = await Promise.all([
    readLookups(settings),
    readDockerClients(env),
    readPulumi(),
    readSsh(),
    readBase(wants.base, host),
    readIndexes(settings.image.indexUrl),
    findExtraCa(env),
  ]);
  const networks = lookups.networks;
  return {
    wants,
    ...(lookups.docker.host === undefined ? {} : { dockerHost: lookups.docker.host }),
    systemd: systemdRuns(),
    clients,
    daemon: lookups.daemon,
    gpus: lookups.gpus,
    gpuOnBus: lookups.docker.local && nvidiaOnBus(),
    freeDisk: lookups.freeDisk,
    networks,
    usedRanges: lookups.docker.local
      ? foreignRanges(machineRanges(), networks.known ? networks.value : [])
      : [],
    pulumi,
    ssh,
    stateDirectory: readStateDirectory(stateDirectory(env)),
    base,
    indexes,
    ...(privateCa === undefined ? {} : { privateCa }),
  };
}
