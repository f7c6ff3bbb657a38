/** One figure that a measurement found, and what it should be. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: "s" | "ms" | "MiB" | "GB" | "";
  /** Against what it is held, such as the same without gpudev: this figure divided by that. */
  readonly ratio?: number;
  /** The most that the ratio, where there is one, else the value may be. */
  readonly atMost?: number;
  /** What was compared, and how, in a few words. */
  readonly note?: string;
}

/** Tells what a measurement is at. */
export type Say = (line: string) => void;

/** Something that is measured: things to be compared are measured side by side in one run. */
export interface Measurement {
  readonly name: string;
  readonly title: string;
  /** @throws where it cannot be made here; the reason is printed, and the others go on. */
  readonly measure: (say: Say) => Promise<readonly Figure[]>;
}

/** True where a figure is what it should be; undefined where nothing was promised. */
export function isMet({ value, ratio, atMost }: Figure): boolean | undefined {
  return atMost === undefined ? undefined : (ratio ?? value) <= atMost;
}

/** The middle one; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [
    sorted[Math.floor((sorted.length - 1) / 2)],
    sorted[Math.floor(sorted.length / 2)],
  ];
  if (low === undefined || high === undefined) throw new Error("a median of nothing");
  return (low + high) / 2;
}

/** Seconds that some work takes. */
export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** Runs the same measurements in turn, so that what disturbs the machine disturbs all of them; returns the medians. */
export async function inTurn<Name extends string>(
  rounds: number,
  measurements: Readonly<Record<Name, (round: number) => Promise<number>>>,
): Promise<Record<Name, number>> {
  const names = Object.keys(measurements) as Name[];
  const samples = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const name of names) samples.get(name)?.push(await measurements[name](round));
  return Object.fromEntries(names.map((name) => [name, median(samples.get(name) ?? [])])) as Record<
    Name,
    number
  >;
}
