import * as path from "node:path";
import { packageRoot } from "../../components/lookups/paths";
import type { Context } from "../context";
import type { LoadedStack } from "../loadStack";
import { clearDeadLocks, lockFolder } from "./backendLock";
import type { PulumiCli } from "./cli";
import { engineEnv, openEngine, type Engine } from "./workspace";

/** Folder of the providers that gpudev brings. */
export function bundledProviders(): string {
  return path.join(packageRoot(), "cli", "providers", "bin");
}

/** Opens the engine on a loaded stack. */
export function engineOn(
  context: Context,
  loaded: LoadedStack,
  cli: PulumiCli,
  program: () => unknown,
): Promise<Engine> {
  return context.progress.step(`Open Pulumi's engine on stack ${loaded.stack}`, () =>
    openEngine({
      cli,
      stack: loaded.stack,
      stackFile: loaded.file,
      folders: loaded.folders,
      providers: loaded.settings.docker.provider === "bundled" ? bundledProviders() : undefined,
      program: () => Promise.resolve().then(() => program() as Record<string, unknown> | undefined),
      env: context.env,
    }),
  );
}

/** Clears Pulumi's lock of a killed run. Call it with the stack taken. */
export async function clearLocks(context: Context, loaded: LoadedStack): Promise<void> {
  const backend =
    context.env.PULUMI_BACKEND_URL ?? engineEnv(loaded.folders, context.env).PULUMI_BACKEND_URL;
  const folder = lockFolder(backend ?? "", loaded.stack);
  if (folder !== undefined) await clearDeadLocks(folder, context.progress);
}
