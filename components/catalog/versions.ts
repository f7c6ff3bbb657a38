/**
 * Compares two dotted versions number by number: negative where `left` is older,
 * 0 where they are equal. A missing part counts as 0, so that `580` is `580.0`.
 */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [left.split(".").map(Number), right.split(".").map(Number)];
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * How far two versions are apart by their first two numbers: a step of the first
 * weighs more than any step of the second.
 */
export function versionDistance(left: string, right: string): number {
  const [a, b] = [left.split(".").map(Number), right.split(".").map(Number)];
  const step = (index: number) => Math.abs((a[index] ?? 0) - (b[index] ?? 0));
  return 1000 * step(0) + step(1);
}
