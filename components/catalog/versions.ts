/** The numbers that a version begins with: `20.10.24` of `20.10.24+dfsg1`. */
function numbersOf(version: string): number[] {
  const [numbers = "0"] = /^\d+(\.\d+)*/.exec(version.trim()) ?? [];
  return numbers.split(".").map(Number);
}

/**
 * Compares two dotted versions number by number: negative where `left` is older, 0 where they are
 * equal. A missing part counts as 0, so that `580` is `580.0`; what follows the numbers does not count.
 */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [numbersOf(left), numbersOf(right)];
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether a version is older than another; text without a number is older than any. */
export function olderThan(version: string, minimum: string): boolean {
  return compareVersions(version, minimum) < 0;
}

/**
 * How far two versions are apart by their first two numbers: a step of the first
 * weighs more than any step of the second.
 */
export function versionDistance(left: string, right: string): number {
  const [a, b] = [numbersOf(left), numbersOf(right)];
  const step = (index: number) => Math.abs((a[index] ?? 0) - (b[index] ?? 0));
  return 1000 * step(0) + step(1);
}
