import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { parseDocument } from "yaml";

/** Project name of every gpudev stack: the namespace of its settings. */
export const PROJECT = "gpudev";

/** Where gpudev keeps one stack's things in the state directory. */
export interface StackFolders {
  readonly state: string;
  /** Pulumi's working folder for the stack: a project file and a copy of the stack file. */
  readonly work: string;
  readonly passphraseFile: string;
  /** Folder of the file backend. */
  readonly backend: string;
  readonly lockFile: string;
  /** Id and seats, remembered beside the stack file. */
  readonly seatsFile: string;
}

/** The places of a stack in the state directory; nothing is made. */
export function stackFolders(state: string, stack: string): StackFolders {
  const work = path.join(state, "stacks", stack);
  return {
    state,
    work,
    passphraseFile: path.join(state, "passphrase"),
    backend: path.join(state, "backend"),
    lockFile: path.join(work, "lock"),
    seatsFile: path.join(work, "seats.json"),
  };
}

/**
 * The stack file as Pulumi gets it: the person's own, with the encryption salt that Pulumi made for gpudev
 * where the person's file has none. Pulumi rewrites that copy as it likes; the person's file keeps its comments.
 */
export function engineStackFile(own: string, previousCopy: string | undefined): string {
  const document = parseDocument(own === "" ? "{}" : own);
  if (document.has("encryptionsalt") || document.has("secretsprovider")) return own;
  const salt: unknown =
    previousCopy === undefined ? undefined : parseDocument(previousCopy).get("encryptionsalt");
  if (typeof salt !== "string") return own;
  document.set("encryptionsalt", salt);
  return document.toString();
}

/** Pulumi's project file for a stack's working folder; the bundled providers are named here, so that nothing is downloaded. */
export function projectFile(providers: string | undefined): string {
  const project = {
    name: PROJECT,
    runtime: "nodejs",
    ...(providers === undefined
      ? {}
      : {
          plugins: {
            providers: ["docker", "docker-build"].map((name) => ({ name, path: providers })),
          },
        }),
  };
  return `${JSON.stringify(project, undefined, 2)}\n`;
}

function readIfThere(file: string): string | undefined {
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
}

/** Makes the stack's folders, its passphrase and Pulumi's copy of the stack file; returns the copy's path. */
export function prepareFolders(
  folders: StackFolders,
  stack: string,
  stackFile: string,
  providers: string | undefined,
): string {
  fs.mkdirSync(folders.state, { recursive: true, mode: 0o700 });
  fs.mkdirSync(folders.work, { recursive: true, mode: 0o700 });
  fs.mkdirSync(folders.backend, { recursive: true, mode: 0o700 });
  if (!fs.existsSync(folders.passphraseFile)) {
    // Linked into place, so that two first runs side by side agree on one.
    const made = `${folders.passphraseFile}.${process.pid}`;
    fs.writeFileSync(made, crypto.randomBytes(32).toString("base64url"), { mode: 0o600 });
    try {
      fs.linkSync(made, folders.passphraseFile);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    } finally {
      fs.rmSync(made);
    }
  }
  fs.writeFileSync(path.join(folders.work, "Pulumi.yaml"), projectFile(providers));
  const copy = path.join(folders.work, `Pulumi.${stack}.yaml`);
  const text = engineStackFile(readIfThere(stackFile) ?? "", readIfThere(copy));
  fs.writeFileSync(copy, text, { mode: 0o600 });
  return copy;
}
