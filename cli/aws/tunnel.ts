import { spawn } from "node:child_process";
import * as net from "node:net";

/** A command that keeps a port of this machine open for as long as it runs. */
export interface Tunnel {
  /** Settles when it has ended, whoever ended it. */
  readonly ended: Promise<void>;
  /** True once it has. */
  readonly over: () => boolean;
  /** What it said, on both streams. */
  readonly said: () => string;
  /** Ends it in order, its session at AWS too. */
  readonly close: () => Promise<void>;
}

const MOST_WORDS = 16_384;
/** How long a session may take to end by itself. */
const CLOSING_MS = 5_000;
const POLL_MS = 100;

/**
 * Starts a tunnel in a process group of its own: `aws` leaves Ctrl-C to its plugin, so both have to hear it,
 * and a terminal tells only the group that is in front.
 */
export function startTunnel(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Tunnel {
  const child = spawn(file, [...args], { env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let words = "";
  let over = false;
  const hear = (chunk: Buffer) => (words = (words + chunk.toString()).slice(-MOST_WORDS));
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const ended = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      words += error.message;
      over = true;
      resolve();
    });
    child.once("close", () => {
      over = true;
      resolve();
    });
  });
  const tell = (signal: NodeJS.Signals) => {
    if (child.pid === undefined || over) return;
    try {
      process.kill(-child.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  };
  const close = async () => {
    tell("SIGINT");
    const harder = setTimeout(() => tell("SIGKILL"), CLOSING_MS);
    await ended;
    clearTimeout(harder);
  };
  return { ended, over: () => over, said: () => words, close };
}

function bind(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      const found = typeof address === "object" && address !== null ? address.port : undefined;
      server.close(() => resolve(found));
    });
  });
}

/** A free port of this machine: the one that is wished for, so that a browser's bookmarks stay right, else any. */
export async function localPort(wished: number): Promise<number> {
  const found = (await bind(wished)) ?? (await bind(0));
  if (found === undefined) throw new Error("this machine has no free port on 127.0.0.1");
  return found;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: "127.0.0.1", port });
    const say = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => say(true));
    socket.once("error", () => say(false));
  });
}

async function responds(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(5_000) });
    await answer.body?.cancel();
    return true;
  } catch {
    return false;
  }
}

async function until(
  tunnel: Tunnel,
  limit: number,
  look: () => Promise<boolean>,
): Promise<boolean> {
  const end = Date.now() + limit;
  while (!tunnel.over()) {
    if (await look()) return true;
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return false;
}

/** How far a tunnel leads: `ended` and `closed` (no port within a minute), or the port opens on nobody (`silent`). */
export type Reach = "answers" | "silent" | "closed" | "ended";

/** Waits until a server answers at the tunnel's port. */
export async function awaitAnswer(tunnel: Tunnel, port: number): Promise<Reach> {
  const opened = await until(tunnel, 60_000, () => listens(port));
  if (!opened) return tunnel.over() ? "ended" : "closed";
  const url = `http://127.0.0.1:${port}/api`;
  if (await until(tunnel, 20_000, () => responds(url))) return "answers";
  return tunnel.over() ? "ended" : "silent";
}
