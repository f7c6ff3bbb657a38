import * as fs from "node:fs";
import * as path from "node:path";
import {
  accepts,
  eventually,
  freePort,
  must,
  run,
  start,
  type Ended,
  type Running,
} from "./processes";

/** A key pair that lives only in a test's folder. */
export interface KeyPair {
  readonly file: string;
  readonly publicKey: string;
}

/** Makes a key pair; `type` may carry a size: `rsa-1024`. */
export async function makeKey(folder: string, name: string, type = "ed25519"): Promise<KeyPair> {
  const file = path.join(folder, name);
  const [kind = type, size] = type.split("-");
  const bits = size === undefined ? [] : ["-b", size];
  await must("ssh-keygen", ["-q", "-t", kind, ...bits, "-N", "", "-C", name, "-f", file]);
  return { file, publicKey: fs.readFileSync(`${file}.pub`, "utf8").trim() };
}

/** OpenSSH's own clients against one host alias, strict about the host's key. */
export class SshClient {
  private readonly options: readonly string[];

  constructor(
    private readonly alias: string,
    configFile: string,
    keyFile?: string,
    extra: readonly string[] = [],
  ) {
    const option = (text: string) => ["-o", text];
    this.options = [
      ...["-F", configFile],
      ...option("BatchMode=yes"),
      ...option("StrictHostKeyChecking=yes"),
      ...option("IdentitiesOnly=yes"),
      ...option("ConnectTimeout=20"),
      ...(keyFile === undefined ? [] : ["-i", keyFile]),
      ...extra,
    ];
  }

  /** Runs a command line there. */
  exec(command: string, input?: string): Promise<Ended> {
    return run("ssh", [...this.options, this.alias, command], input === undefined ? {} : { input });
  }

  /** Runs a command line that has to succeed; returns what it printed, trimmed. */
  async must(command: string, input?: string): Promise<string> {
    const result = await this.exec(command, input);
    if (result.code !== 0) {
      throw new Error(`ssh ${this.alias} ${command}\n${result.stdout}\n${result.stderr}`);
    }
    return result.stdout.trim();
  }

  /** Starts a session with a pseudo terminal. */
  terminal(command: string): Running {
    return start("ssh", [...this.options, "-tt", this.alias, command], {
      env: { ...process.env, TERM: "xterm-256color" },
      interactive: true,
    });
  }

  /** Runs an sftp batch. */
  sftp(batch: string): Promise<Ended> {
    return run("sftp", [...this.options, "-b", "-", this.alias], { input: batch });
  }

  /** Copies with scp; `there:` stands for the environment. */
  scp(from: string, to: string): Promise<Ended> {
    const named = (text: string) => text.replace(/^there:/, `${this.alias}:`);
    return run("scp", [...this.options, named(from), named(to)]);
  }

  /** Forwards a free local port to a port inside while `work` goes on. */
  async forward<T>(remotePort: number, work: (localPort: number) => Promise<T>): Promise<T> {
    const port = await freePort();
    const tunnel = start("ssh", [
      ...this.options,
      "-N",
      "-o",
      "ExitOnForwardFailure=yes",
      "-L",
      `127.0.0.1:${port}:127.0.0.1:${remotePort}`,
      this.alias,
    ]);
    try {
      await eventually("the forwarded port accepts", async () => {
        if (tunnel.child.exitCode !== null) throw new Error(`ssh -L: ${tunnel.output()}`);
        return accepts("127.0.0.1", port);
      });
      return await work(port);
    } finally {
      tunnel.signalGroup("SIGTERM");
      await tunnel.ended;
    }
  }
}
