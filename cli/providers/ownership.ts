/** How gpudev knows its own objects on a daemon: by the labels that it put there. */

export interface Label {
  readonly label: string;
  readonly value: string;
}

const OWN = "dev.gpudev.";

/** The labels that say whose an object is: stack id, stack and user. */
function identity(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(
    Object.entries(labels)
      .filter(([label]) => label.startsWith(OWN))
      .sort(([left], [right]) => left.localeCompare(right)),
  );
}

/** True where an object with `found` labels is the one that these `wanted` labels mean. */
export function isOurs(wanted: readonly Label[], found: unknown): boolean {
  const mine = Object.fromEntries(wanted.map(({ label, value }) => [label, value]));
  const theirs = (found ?? {}) as Readonly<Record<string, string>>;
  return identity(mine) !== "[]" && identity(mine) === identity(theirs);
}

/** Arguments that put the labels on. */
export function labelArgs(labels: readonly Label[]): readonly string[] {
  return labels.flatMap(({ label, value }) => ["--label", `${label}=${value}`]);
}
