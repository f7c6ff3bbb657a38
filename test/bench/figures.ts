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
function median(values: readonly number[]): number {
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

/** What was measured in each round. */
export type Samples<Name extends string> = ReadonlyMap<Name, readonly number[]>;

/** Runs the same measurements in turn, so that what disturbs the machine disturbs all of them. */
export async function inTurn<Name extends string>(
  rounds: number,
  measurements: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Samples<Name>> {
  const names = Object.keys(measurements) as Name[];
  const samples = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    // Each is first in turn, since who comes first finds a colder machine.
    const turn = round % names.length;
    for (const name of [...names.slice(turn), ...names.slice(0, turn)])
      samples.get(name)?.push(await measurements[name]());
  }
  return samples;
}

/** A measurement over all rounds: the median. */
export function typical<Name extends string>(samples: Samples<Name>, name: Name): number {
  return median(samples.get(name) ?? []);
}

/** How one measurement compares with another: the median of each round's ratio, which a machine that grows busier changes least. */
export function compare<Name extends string>(
  samples: Samples<Name>,
  one: Name,
  other: Name,
): number {
  const others = samples.get(other) ?? [];
  return median((samples.get(one) ?? []).map((value, round) => value / (others[round] ?? NaN)));
}
