import { runCommand } from "../../components/lookups/command";
import type { CommandOptions, CommandResult } from "../../components/lookups/command";
import { turns } from "../../components/lookups/turns";
import { explain } from "./dockerErrors";

export type ObjectKind = "container" | "volume" | "network" | "image";

interface Waiting {
  readonly name: string;
  readonly resolve: (found: Readonly<Record<string, unknown>> | undefined) => void;
  readonly reject: (error: Error) => void;
}

const BATCH = 100;
const COLLECT_MS = 5;
/** Commands under way on a machine that is reached by SSH, whose server turns logins away from the tenth on (MaxStartups). */
const MOST_BY_SSH = 8;

/** Drives one Docker daemon through the Docker client, as a person at the shell would. */
export class DockerClient {
  private readonly queues = new Map<ObjectKind, Waiting[]>();
  private readonly turn: <T>(work: () => Promise<T>) => Promise<T>;

  /** @param host Daemon, such as `ssh://ada@gpu-box`; undefined: the client's own default. */
  constructor(readonly host: string | undefined) {
    this.turn = host?.startsWith("ssh://") === true ? turns(MOST_BY_SSH) : (work) => work();
  }

  /** Environment that points any Docker client to the daemon. */
  get env(): Readonly<Record<string, string>> {
    return this.host === undefined ? {} : { DOCKER_HOST: this.host };
  }

  /** Runs the client and returns what it printed. Throws what the daemon said, and the mend where it is known. */
  async run(args: readonly string[], options: CommandOptions = {}): Promise<string> {
    const result = await this.start(args, {
      timeout: 120_000,
      ...options,
      env: { ...this.env, ...options.env },
    });
    if (result.exitCode === 0) return result.stdout.trim();
    throw new Error(explain(args, result));
  }

  private start(args: readonly string[], options: CommandOptions): Promise<CommandResult> {
    return this.turn(() => runCommand("docker", args, options));
  }

  /**
   * What the daemon says of an object; undefined where there is none. Questions that come
   * together are asked together, so that a refresh of many resources starts few clients.
   */
  inspect(kind: ObjectKind, name: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    return new Promise((resolve, reject) => {
      const queue = this.queues.get(kind) ?? [];
      queue.push({ name, resolve, reject });
      this.queues.set(kind, queue);
      if (queue.length === 1) setTimeout(() => void this.flush(kind), COLLECT_MS);
    });
  }

  private async flush(kind: ObjectKind): Promise<void> {
    const waiting = this.queues.get(kind) ?? [];
    this.queues.delete(kind);
    for (let start = 0; start < waiting.length; start += BATCH) {
      await this.answer(kind, waiting.slice(start, start + BATCH));
    }
  }

  private async answer(kind: ObjectKind, waiting: readonly Waiting[]): Promise<void> {
    const args = [kind, "inspect", ...new Set(waiting.map(({ name }) => name))];
    try {
      const result = await this.start(args, { timeout: 60_000, env: this.env });
      const missing = /no such|not found/i;
      const lines = result.stderr.split("\n").filter((line) => line.trim() !== "");
      if (result.exitCode !== 0 && !lines.every((line) => missing.test(line))) {
        throw new Error(explain(args, result));
      }
      const found = JSON.parse(result.stdout.trim() || "[]") as Record<string, unknown>[];
      for (const { name, resolve } of waiting) {
        resolve(found.find((object) => namesOf(object).includes(name)));
      }
    } catch (error) {
      waiting.forEach(({ reject }) => reject(error as Error));
    }
  }
}

function namesOf(object: Readonly<Record<string, unknown>>): readonly unknown[] {
  const { Id, Name, RepoTags, RepoDigests } = object;
  const plain = typeof Name === "string" ? Name.replace(/^\//, "") : undefined;
  return [Id, plain, ...((RepoTags as unknown[]) ?? []), ...((RepoDigests as unknown[]) ?? [])];
}
