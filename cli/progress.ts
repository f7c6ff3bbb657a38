import pc from "picocolors";

/** Tells a person what is going on while work takes longer than a moment. Writes to stderr, so that stdout stays for results. */
export interface Progress {
  /** Runs one step; says when it begins to take time, what it is at, and how long it took. Steps may run side by side. */
  step<T>(title: string, work: (report: (detail: string) => void) => Promise<T>): Promise<T>;
  /** Says one line, such as a detour that was taken. */
  note(line: string): void;
}

const HEARTBEAT_MS = 10_000;
const QUIET_MS = 400;

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}

/** Progress as plain lines, readable in a terminal and in a log alike. */
export function lineProgress(
  write: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
): Progress {
  return {
    note: (line) => write(`${pc.yellow("·")} ${line}`),
    step: async (title, work) => {
      const start = Date.now();
      let announced = false;
      let detail = "";
      const announce = () => {
        announced = true;
        write(`${pc.cyan("…")} ${title}`);
      };
      const first = setTimeout(announce, QUIET_MS);
      const heartbeat = setInterval(
        () => write(pc.dim(`  ${title}: ${seconds(start)}${detail === "" ? "" : `, ${detail}`}`)),
        HEARTBEAT_MS,
      );
      try {
        const result = await work((line) => {
          detail = line.trim().slice(0, 120);
        });
        if (announced) write(`${pc.green("✓")} ${title} ${pc.dim(seconds(start))}`);
        return result;
      } catch (error) {
        write(`${pc.red("✗")} ${title} ${pc.dim(seconds(start))}`);
        throw error;
      } finally {
        clearTimeout(first);
        clearInterval(heartbeat);
      }
    },
  };
}

/** For `--json`: no lines at all. */
export const silentProgress: Progress = {
  note: () => undefined,
  step: (_title, work) => work(() => undefined),
};
