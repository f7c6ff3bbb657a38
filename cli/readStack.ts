import * as fs from "node:fs";
import * as path from "node:path";
import { stateDirectory } from "../components/lookups/paths";
import {
  parseSettings,
  readStackConfig,
  type Finding,
  type Settings,
} from "../components/settings";
import type { Context } from "./context";
import { stackFolders, type StackFolders } from "./engine/stateFolders";
import { refusal } from "./refusal";
import { chooseStack, presentStacks, readStackFile, stackFilePath } from "./stackFile";

/** A stack's file and what it says, for whatever target. */
export interface StackOnFile {
  readonly stack: string;
  readonly file: string;
  readonly text: string;
  readonly settings: Settings;
  /** What is wrong with the file; the plan adds its own. */
  readonly findings: readonly Finding[];
  readonly folders: StackFolders;
}

/** The stack that a command works on. */
export function stackName(context: Context): string {
  return chooseStack({
    asked: context.stack,
    environment: context.env.GPUDEV_STACK,
    present: presentStacks(context.folder),
  });
}

/**
 * Reads the stack's file.
 * @throws CommandFailure (bad input) where there is none, or where not even its target can be read
 */
export function readStack(context: Context): StackOnFile {
  const stack = stackName(context);
  const text = readStackFile(context.folder, stack);
  const file = stackFilePath(context.folder, stack);
  const { settings, findings } = parseSettings({
    stack,
    config: readStackConfig(text),
    readFile: (name) => fs.readFileSync(path.resolve(path.dirname(file), name), "utf8"),
  });
  if (settings === undefined) throw refusal(findings);
  return {
    stack,
    file,
    text,
    settings,
    findings,
    folders: stackFolders(stateDirectory(context.env), stack),
  };
}
