import * as fs from "node:fs";
import * as path from "node:path";
import { parse, YAMLParseError } from "yaml";
import { z } from "zod";

/** Stack that `npm start` makes and keeps for this machine. */
const LOCAL_STACK = "local";

/** What bootstrap has to know of a stack file that is there already. */
export interface KnownStack {
  /** `image.base`; absent: the default. */
  readonly base?: string;
  /** `docker.host`; absent: the Docker client's own. */
  readonly dockerHost?: string;
}

const shape = z.object({
  config: z.object({
    "gpudev:image": z.object({ base: z.string().optional() }).optional(),
    "gpudev:docker": z.object({ host: z.string().optional() }).optional(),
  }),
});

export function stackFile(folder: string): string {
  return path.join(folder, "stacks", `Pulumi.${LOCAL_STACK}.yaml`);
}

/** What a stack file's text says of base and daemon. A text that makes no sense says nothing: the settings report it. */
export function knownStack(text: string): KnownStack {
  const config = configOf(text);
  const base = config?.["gpudev:image"]?.base;
  const dockerHost = config?.["gpudev:docker"]?.host;
  return {
    ...(base === undefined ? {} : { base }),
    ...(dockerHost === undefined ? {} : { dockerHost }),
  };
}

function configOf(text: string): z.output<typeof shape>["config"] | undefined {
  try {
    return shape.safeParse(parse(text)).data?.config;
  } catch (error) {
    if (error instanceof YAMLParseError) return undefined;
    throw error;
  }
}

/** Reads the local stack's file; absent where there is none yet. */
export function readStackFile(folder: string): KnownStack | undefined {
  const file = stackFile(folder);
  return fs.existsSync(file) ? knownStack(fs.readFileSync(file, "utf8")) : undefined;
}

/** Writes the file whole or not at all. Under sudo it belongs to the folder's owner, who is to edit it. */
export function writeStackFile(folder: string, text: string): string {
  const file = stackFile(folder);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const half = `${file}.${process.pid}`;
  fs.writeFileSync(half, text, { mode: 0o644 });
  if (process.geteuid?.() === 0) {
    const { uid, gid } = fs.statSync(path.dirname(file));
    fs.chownSync(half, uid, gid);
  }
  fs.renameSync(half, file);
  return file;
}
