/** Which processes of a run are killed, as it happens to people. */
export type Victim = "everything" | "process group" | "gpudev alone" | "engine alone";

/** What is running when it is killed. */
export type Operation = "up after destroy" | "up with changes" | "destroy";

/** One run of the soak test, decided before it begins. */
export interface KilledRun {
  readonly operation: Operation;
  readonly victim: Victim;
  /** When it is killed, as a part of the time that the operation usually takes. */
  readonly moment: number;
}

const VICTIMS: readonly Victim[] = [
  "everything",
  "everything",
  "process group",
  "gpudev alone",
  "engine alone",
];
const OPERATIONS: readonly Operation[] = ["up after destroy", "up with changes", "destroy"];

/** Random numbers from 0 to 1 that a seed repeats (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pick<T>(random: () => number, from: readonly T[]): T {
  const one = from[Math.floor(random() * from.length)];
  if (one === undefined) throw new Error("nothing to pick from");
  return one;
}

/** The runs that a seed stands for. */
export function killedRuns(count: number, seed: number): KilledRun[] {
  const random = randomFrom(seed);
  return Array.from({ length: count }, () => ({
    operation: pick(random, OPERATIONS),
    victim: pick(random, VICTIMS),
    moment: random(),
  }));
}
