import { createHash } from "node:crypto";
import type { Finding } from "../settings/finding";
import type { Settings } from "../settings/schema";
import { error } from "./findings";

/** Stands for the stack's id until one is recorded; nothing is created under it. */
const UNRECORDED = "unrecorded";

/** The stack's id, or what stands for it. */
export function idOf(settings: Settings): string {
  return settings.seats.id ?? UNRECORDED;
}

/** Whether the stack has an id; the finding brings a line with one. */
export function checkId(settings: Settings, now: string): Finding[] {
  if (settings.seats.id !== undefined) return [];
  const digest = createHash("sha256").update(`${settings.stack} ${now}`).digest();
  const id = [...digest.subarray(0, 8)].map((byte) => (byte % 36).toString(36)).join("");
  return [
    error(
      "no-id",
      "gpudev:seats.id",
      "The stack has no id yet, by which its homes and containers are known as its own",
      `Run gpudev up, which records one, or write under gpudev:seats:  id: ${id}`,
    ),
  ];
}
