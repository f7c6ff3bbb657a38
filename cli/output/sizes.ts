const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** Bytes for a person: `16 GiB`, `1.5 GiB`, `512 MiB`. */
export function bytesText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 2 ** (10 * power);
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${UNITS[power]}`;
}
