/** How gpudev knows its own objects on a daemon: by the labels that it put there. */

export interface Label {
  readonly label: string;
  readonly value: string;
}

/** Labels that say whose an object is: stack id, stack and user. */
const OWN = "dev.gpudev.";

/** True where an object with the labels `found` is the one that the labels `wanted` mean. More labels, such as its image's, do not count. */
export function isOurs(wanted: readonly Label[], found: unknown): boolean {
  const labels = (found ?? {}) as Readonly<Record<string, string>>;
  const own = wanted.filter(({ label }) => label.startsWith(OWN));
  return own.length > 0 && own.every(({ label, value }) => labels[label] === value);
}

/** Arguments that put the labels on. */
export function labelArgs(labels: readonly Label[]): readonly string[] {
  return labels.flatMap(({ label, value }) => ["--label", `${label}=${value}`]);
}
