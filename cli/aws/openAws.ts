import * as fs from "node:fs";
import * as path from "node:path";
import { setTopLevel, topLevel } from "../../components/settings";
import type { Context } from "../context";
import { clearDeadLocks, lockFolder } from "../engine/backendLock";
import type { PulumiCli } from "../engine/cli";
import { bundledProviders } from "../engine/open";
import { openEngine, type Engine } from "../engine/workspace";
import { replaceFile } from "../stackFile";
import type { AwsStackOnFile } from "./awsStack";
import { backendOf, backendUrl } from "./backend";

/** What Pulumi writes beside `config` for a key service; all who work on the stack need it. */
const KEPT = ["secretsprovider", "encryptedkey"];

/** Brings what Pulumi wrote about its secrets from its own copy into the stack file. */
function keepKey({ file, folders, stack }: AwsStackOnFile): void {
  const copy = fs.readFileSync(path.join(folders.work, `Pulumi.${stack}.yaml`), "utf8");
  const before = fs.readFileSync(file, "utf8");
  const text = KEPT.reduce((now, key) => {
    const value = topLevel(copy, key);
    return value === undefined ? now : setTopLevel(now, key, value);
  }, before);
  if (text !== before) replaceFile(file, text);
}

/**
 * Opens the engine on a stack on AWS, with its state where settings say. Call it with the stack taken
 * and without an error among the stack's findings.
 * @param program what `up` and `preview` run; `destroy` needs none
 */
export async function openAwsEngine(
  context: Context,
  stack: AwsStackOnFile,
  cli: PulumiCli,
  program: () => Promise<object>,
): Promise<Engine> {
  const { env, progress } = context;
  const locks = lockFolder(backendUrl(stack, env) ?? "", stack.stack);
  if (locks !== undefined) await clearDeadLocks(locks, progress);
  const backend = backendOf(stack.settings.aws, env);
  const engine = await progress.step(`Open Pulumi's engine on stack ${stack.stack}`, () =>
    openEngine({
      cli,
      stack: stack.stack,
      stackFile: stack.file,
      folders: stack.folders,
      providers: stack.settings.docker.provider === "bundled" ? bundledProviders() : undefined,
      program: async () => ({ ...(await program()) }),
      env,
      backend,
    }),
  );
  if (backend.secretsProvider !== undefined) keepKey(stack);
  return engine;
}
