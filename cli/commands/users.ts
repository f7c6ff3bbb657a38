import * as fs from "node:fs";
import * as path from "node:path";
import {
  addRosterRow,
  addUser,
  parseSettings,
  readStackConfig,
  removeRosterRow,
  removeUser,
  rosterOf,
  type Finding,
  type NewUser,
} from "../../components/settings";
import type { Context } from "../context";
import { stackName } from "../readStack";
import { CommandFailure, ExitCode, type Report } from "../outcome";
import { hasErrors } from "../output/findings";
import { refusal } from "../refusal";
import { readStackFile, replaceFile, stackFilePath } from "../stackFile";
import { withStack } from "../withStack";

export interface AddOptions {
  /** Public keys, or files that hold them. */
  readonly key: readonly string[];
  readonly gpus?: string;
}

/** Public keys that `--key` names: the text itself, or the lines of a file. */
export function readKeys(asked: readonly string[]): string[] {
  return asked.flatMap((text) => {
    if (!fs.existsSync(text)) {
      if (/^(ssh|ecdsa|sk)-\S+ \S+/.test(text.trim())) return [text.trim()];
      throw new CommandFailure(
        ExitCode.badInput,
        `\`${text.slice(0, 60)}\` is no public SSH key and no file.`,
        "Give the key as in authorized_keys, or the name of a .pub file.",
      );
    }
    const content = fs.readFileSync(text, "utf8");
    if (content.includes("PRIVATE KEY"))
      throw new CommandFailure(
        ExitCode.badInput,
        `${text} is a private key, which belongs in no stack file.`,
        `Give the public one: ${text}.pub.`,
      );
    return content
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "" && !line.startsWith("#"));
  });
}

/** `--gpus` as settings know it: a count, `auto`, `none`, or devices with commas between. */
export function readGpus(text: string): NonNullable<NewUser["gpus"]> {
  if (text === "auto" || text === "none") return text;
  if (/^\d+$/.test(text)) return Number(text);
  return text
    .split(",")
    .map((device) => (/^\d+$/.test(device) ? Number(device) : device))
    .filter((device) => device !== "");
}

interface Edit {
  /** File that changes: the stack's, or its roster. */
  readonly file: string;
  readonly text: string;
}

function findingsWith(
  folder: string,
  stack: string,
  stackText: string,
  edit?: Edit,
): readonly Finding[] {
  const file = stackFilePath(folder, stack);
  return parseSettings({
    stack,
    config: readStackConfig(stackText),
    readFile: (name) => {
      const asked = path.resolve(path.dirname(file), name);
      return asked === edit?.file ? edit.text : fs.readFileSync(asked, "utf8");
    },
  }).findings;
}

/** Changes the stack's users where they are kept, unless that would bring a new error. */
function changeUsers(
  context: Context,
  stack: string,
  inStackFile: (text: string) => string,
  inRoster: (text: string) => string,
): Edit {
  const before = readStackFile(context.folder, stack);
  const present = findingsWith(context.folder, stack, before);
  const unreadable = present.filter(({ code }) => code === "roster-unreadable");
  if (unreadable.length > 0) throw refusal(unreadable);
  const stackFile = stackFilePath(context.folder, stack);
  const roster = rosterOf(before);
  const rosterFile =
    roster === undefined ? undefined : path.resolve(path.dirname(stackFile), roster);
  const edit: Edit =
    rosterFile === undefined
      ? { file: stackFile, text: inStackFile(before) }
      : { file: rosterFile, text: inRoster(fs.readFileSync(rosterFile, "utf8")) };
  const known = new Set(present.map(({ message }) => message));
  const fresh = findingsWith(
    context.folder,
    stack,
    rosterFile === undefined ? edit.text : before,
    edit,
  ).filter(({ message }) => !known.has(message));
  if (hasErrors(fresh)) throw refusal(fresh);
  replaceFile(edit.file, edit.text);
  return edit;
}

/** `gpudev add NAME`: writes a user into the stack file or its roster. */
export async function add(context: Context, name: string, options: AddOptions): Promise<Report> {
  const stack = stackName(context);
  const user: NewUser = {
    name,
    sshKeys: readKeys(options.key),
    ...(options.gpus === undefined ? {} : { gpus: readGpus(options.gpus) }),
  };
  return withStack(context, stack, "add", () => {
    const { file } = changeUsers(
      context,
      stack,
      (text) => addUser(text, user),
      (text) => addRosterRow(text, user),
    );
    context.print(`${name} is in ${file}. \`gpudev up\` makes the environment.`);
    return Promise.resolve({ stack, findings: [], user, file });
  });
}

/** `gpudev remove NAME`: takes a user out of the stack file or its roster; the home is kept. */
export async function remove(context: Context, name: string): Promise<Report> {
  const stack = stackName(context);
  return withStack(context, stack, "remove", () => {
    const { file } = changeUsers(
      context,
      stack,
      (text) => removeUser(text, name),
      (text) => removeRosterRow(text, name),
    );
    context.print(
      `${name} is no longer in ${file}. \`gpudev up\` takes the environment away and keeps the home; \`gpudev forget ${name}\` deletes it.`,
    );
    return Promise.resolve({ stack, findings: [], user: name, file });
  });
}
