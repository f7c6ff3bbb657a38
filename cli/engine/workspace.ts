import {
  LocalWorkspace,
  PulumiCommand,
  type Deployment,
  type EngineEvent,
  type PulumiFn,
  type Stack,
} from "@pulumi/pulumi/automation";
import type { PulumiCli } from "./cli";
import { ask } from "./failure";
import { PROJECT, prepareFolders, type StackFolders } from "./stateFolders";

/** How an operation is watched and stopped. */
export interface EngineRun {
  readonly onEvent: (event: EngineEvent) => void;
  /** Aborting asks Pulumi to stop as soon as the resources at work are done. */
  readonly signal?: AbortSignal;
  /** Ask the providers what is really there before deciding. */
  readonly refresh?: boolean;
}

/** Pulumi's engine on one stack. */
export interface Engine {
  readonly cli: PulumiCli;
  up(run: EngineRun): Promise<void>;
  preview(run: EngineRun): Promise<void>;
  /** Destroys all but the protected resources. */
  destroy(run: EngineRun): Promise<void>;
  /** Destroys these resources and what depends on them. */
  destroyTargets(urns: readonly string[], run: EngineRun): Promise<void>;
  exportState(): Promise<Deployment>;
  importState(state: Deployment): Promise<void>;
}

/** Where state lies and what encrypts its secrets. */
export interface Backend {
  /** Address, such as `s3://…`; absent: gpudev's own folder. */
  readonly url?: string;
  /** Key service, such as `awskms://…`; absent: the backend's own, or a passphrase. */
  readonly secretsProvider?: string;
}

/** What opens an engine. */
export interface EngineArgs {
  readonly cli: PulumiCli;
  readonly stack: string;
  /** The person's stack file. */
  readonly stackFile: string;
  readonly folders: StackFolders;
  /** Folder of the bundled providers; undefined: Pulumi's own are used. */
  readonly providers: string | undefined;
  readonly program: PulumiFn;
  readonly env: NodeJS.ProcessEnv;
  /** Default: gpudev's own folder, unless the person's environment names another place. */
  readonly backend?: Backend;
}

/** Environment of the Pulumi CLI: gpudev's own file backend and passphrase, unless the person brings theirs. */
export function engineEnv(
  folders: StackFolders,
  env: NodeJS.ProcessEnv,
  backend?: Backend,
): Record<string, string> {
  const ownPassphrase =
    env.PULUMI_CONFIG_PASSPHRASE !== undefined || env.PULUMI_CONFIG_PASSPHRASE_FILE !== undefined;
  return {
    PULUMI_SKIP_UPDATE_CHECK: "true",
    ...(env.PULUMI_BACKEND_URL === undefined
      ? { PULUMI_BACKEND_URL: backend?.url ?? `file://${folders.backend}` }
      : {}),
    ...(ownPassphrase ? {} : { PULUMI_CONFIG_PASSPHRASE_FILE: folders.passphraseFile }),
  };
}

/** Opens the engine on a stack, making the stack in the backend where it is new. */
export async function openEngine(args: EngineArgs): Promise<Engine> {
  const configFile = prepareFolders(args.folders, args.stack, args.stackFile, args.providers);
  const pulumiCommand = await PulumiCommand.get(
    args.cli.root === undefined ? {} : { root: args.cli.root },
  );
  const secretsProvider = args.backend?.secretsProvider;
  const stack: Stack = await ask(
    `open stack ${args.stack}`,
    LocalWorkspace.createOrSelectStack(
      { stackName: args.stack, projectName: PROJECT, program: args.program },
      {
        workDir: args.folders.work,
        envVars: engineEnv(args.folders, args.env, args.backend),
        pulumiCommand,
        ...(secretsProvider === undefined ? {} : { secretsProvider }),
      },
    ),
  );
  const options = ({ onEvent, signal, refresh }: EngineRun) => ({
    configFile,
    color: "never" as const,
    suppressProgress: true,
    userAgent: PROJECT,
    onEvent,
    ...(signal === undefined ? {} : { signal }),
    ...(refresh === undefined ? {} : { refresh }),
  });
  return {
    cli: args.cli,
    up: async (run) => void (await stack.up(options(run))),
    preview: async (run) => void (await stack.preview(options(run))),
    destroy: async (run) => void (await stack.destroy({ ...options(run), excludeProtected: true })),
    destroyTargets: async (urns, run) =>
      void (await stack.destroy({ ...options(run), target: [...urns], targetDependents: true })),
    exportState: () => ask("read the state", stack.exportStack()),
    importState: (state) => ask("write the state", stack.importStack(state)),
  };
}
