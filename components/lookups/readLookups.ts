import * as path from "node:path";
import type { Settings } from "../settings/schema";
import { readBase } from "./base";
import { readDaemon } from "./daemon";
import { type DockerClient, dockerClient } from "./docker";
import { readGpus } from "./gpus";
import { readAddresses, readExists, readFreeDisk } from "./host";
import { contextHash, readLocks } from "./imageContext";
import { type Machine, machineOf, silentMachine } from "./machine";
import type { Answer, DaemonFacts, Lookups, TakenPort } from "./model";
import {
  type ContainerFacts,
  readContainers,
  readImages,
  readNetworks,
  readVolumes,
} from "./objects";
import { packageRoot, stateDirectory } from "./paths";
import { mergeTaken, readSockets } from "./sockets";

/** What may be told to the lookups. */
export interface LookupOptions {
  /** Docker daemon to ask. Default: the one that settings name, else the Docker client's own. */
  readonly dockerHost?: string;
}

/** Files that settings name, with the machine that they have to be on. */
function namedFiles(settings: Settings, machine: Machine, here: Machine): [string, Machine][] {
  const { tls } = settings.bind;
  const { extraCa } = settings.image;
  return [
    ...settings.workspace.map(({ source }): [string, Machine] => [source, machine]),
    ...(tls === undefined ? [] : [tls.certificate, tls.key]).map((file): [string, Machine] => [
      file,
      machine,
    ]),
    ...(extraCa === undefined ? [] : [[extraCa, here] as [string, Machine]]),
  ];
}

function ofContainers<T>(
  answer: Answer<ContainerFacts>,
  pick: (facts: ContainerFacts) => T,
): Answer<T> {
  return answer.known ? { known: true, value: pick(answer.value) } : answer;
}

function takenPorts(
  published: Answer<readonly TakenPort[]>,
  sockets: Answer<readonly TakenPort[]>,
): Answer<TakenPort[]> {
  if (!published.known) return published;
  if (!sockets.known) return sockets;
  return { known: true, value: mergeTaken(published.value, sockets.value) };
}

interface Reached {
  readonly docker: DockerClient;
  readonly machine: Machine;
  readonly daemonAsked: Promise<Answer<DaemonFacts>>;
}

/** A daemon elsewhere is asked about itself first: where it does not answer, no other question has to wait for that. */
async function reach(docker: DockerClient): Promise<Reached> {
  const machine = machineOf(docker.host);
  const daemonAsked = readDaemon(docker, machine);
  if (docker.local) return { docker, machine, daemonAsked };
  const daemon = await daemonAsked;
  if (daemon.known) return { docker, machine, daemonAsked };
  return {
    docker: { ...docker, ask: () => Promise.resolve(daemon) },
    machine: silentMachine(daemon.because),
    daemonAsked,
  };
}

/**
 * Asks the daemon, its machine and this folder everything that the plan decides by, side by side and
 * each with a time limit. What cannot be had is a reason, never an exception.
 * @throws Error where the package's own image folder is not there
 */
export async function readLookups(
  settings: Settings,
  options: LookupOptions = {},
): Promise<Lookups> {
  const client = await dockerClient(options.dockerHost ?? settings.docker.host);
  const { docker, machine, daemonAsked } = await reach(client);
  const images = path.join(packageRoot(), "images", "pytorch-cuda");
  const freeDiskAsked = daemonAsked.then((daemon) =>
    readFreeDisk(machine, daemon.known ? { known: true, value: daemon.value.root } : daemon),
  );
  const filesAsked = namedFiles(settings, machine, machineOf(undefined)).map(
    async ([file, where]): Promise<[string, Answer<boolean>]> => [
      file,
      await readExists(where, file),
    ],
  );
  const [
    [daemon, freeDisk, gpus, addresses, sockets],
    [containers, networks, volumes, imageNames, base],
    [imageContextHash, locks, files],
  ] = await Promise.all([
    Promise.all([
      daemonAsked,
      freeDiskAsked,
      readGpus(machine),
      readAddresses(machine),
      readSockets(machine),
    ]),
    Promise.all([
      readContainers(docker),
      readNetworks(docker),
      readVolumes(docker),
      readImages(docker),
      readBase(docker, settings.image.base),
    ]),
    Promise.all([contextHash(images), readLocks(images), Promise.all(filesAsked)]),
  ]);
  const objects = ofContainers(containers, (facts) => facts.objects);
  const published = ofContainers(containers, (facts) => facts.published);
  return {
    time: new Date().toISOString(),
    docker: { local: docker.local, ...(docker.host === undefined ? {} : { host: docker.host }) },
    daemon,
    gpus,
    freeDisk,
    containers: objects,
    networks,
    volumes,
    takenPorts: takenPorts(published, sockets),
    addresses,
    base,
    images: imageNames,
    stateDirectory: stateDirectory(),
    imageContextHash,
    locks,
    files: Object.fromEntries(files),
  };
}
