import { z } from "zod";

const BYTE_UNITS: Record<string, number> = {
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
};
const NO_BYTES = "is no amount of memory; write a number with a unit: 16GiB, 512MiB, 16g";
const NO_DURATION = "is no span of time; write a number with a unit: 30s, 45m, 8h, 3d";
const DURATION_UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** An amount of memory such as `16GiB`, `16g` (as Docker writes it) or `512MiB`; parsed into bytes. */
export const bytes = z
  .string({ error: NO_BYTES })
  .regex(/^\d+(\.\d+)?(KiB|MiB|GiB|TiB|kB|MB|GB|TB|k|m|g)$/, NO_BYTES)
  .meta({ title: "amount of memory" })
  .transform((text) => {
    const unit = text.replace(/^[\d.]+/, "");
    return Math.round(Number.parseFloat(text) * (BYTE_UNITS[unit] ?? Number.NaN));
  });

/** A span of time such as `45m`, `30s`, `8h` or `3d`; parsed into seconds. */
export const duration = z
  .string({ error: NO_DURATION })
  .regex(/^\d+(s|m|h|d)$/, NO_DURATION)
  .meta({ title: "span of time" })
  .transform((text) => Number.parseInt(text, 10) * (DURATION_UNITS[text.slice(-1)] ?? Number.NaN));

/** A point in time, ISO 8601 with an offset, so that it means the same everywhere. */
export const instant = z.iso
  .datetime({
    offset: true,
    error: "is no time with its offset; write it as 2026-12-24T18:00:00+01:00",
  })
  .meta({ title: "time" });
