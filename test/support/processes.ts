import { spawn, type ChildProcess } from "node:child_process";
import * as net from "node:net";

/** How a command ended and what it printed. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** The whole environment; default: this process's own. */
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  /** Leaves stdin open, for a person's typing. */
  readonly interactive?: boolean;
  /** Milliseconds until the command's process group is killed. Default 10 minutes. */
  readonly timeout?: number;
}

/** A command that runs in a process group of its own. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has printed so far, both streams. */
  readonly output: () => string;
  /** Sends a signal to the whole process group. */
  readonly signalGroup: (signal: NodeJS.Signals) => void;
}

/** Starts a command without a shell. */
export function start(file: string, args: readonly string[], options: RunOptions = {}): Running {
  const child = spawn(file, [...args], {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  // A command that ends before it has read its input is no failure of the test.
  child.stdin.on("error", () => undefined);
  if (options.interactive !== true) child.stdin.end(options.input ?? "");
  const signalGroup = (signal: NodeJS.Signals) => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  };
  const ended = new Promise<Ended>((resolve, reject) => {
    const limit = setTimeout(() => {
      stderr += `\n[killed by the test after its time limit: ${file} ${args.join(" ")}]`;
      signalGroup("SIGKILL");
    }, options.timeout ?? 600_000);
    child.on("error", (error) => {
      clearTimeout(limit);
      reject(error);
    });
    child.on("close", (code, signal) => {
      clearTimeout(limit);
      resolve({ code, signal, stdout, stderr });
    });
  });
  return { child, ended, output: () => stdout + stderr, signalGroup };
}

/** Runs a command to its end; a failure is a value. */
export function run(
  file: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  return start(file, args, options).ended;
}

/** Runs a command that has to succeed; returns its stdout without the last line break. */
export async function must(
  file: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const result = await run(file, args, options);
  if (result.code !== 0) {
    throw new Error(
      `${file} ${args.join(" ")}\nended with ${result.code ?? result.signal ?? "?"}\n${result.stdout}\n${result.stderr}`,
    );
  }
  return result.stdout.replace(/\n$/, "");
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Asks again until there is an answer. `undefined` and `false` are none. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  limit = 120_000,
): Promise<T> {
  const end = Date.now() + limit;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > end) throw new Error(`did not come about: ${what}`);
    await sleep(200);
  }
}

/** A port of the loopback address that nobody uses now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Whether somebody accepts connections there. */
export function accepts(host: string, port: number, limit = 3_000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, timeout: limit });
    const say = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on("connect", () => say(true));
    socket.on("error", () => say(false));
    socket.on("timeout", () => say(false));
  });
}
