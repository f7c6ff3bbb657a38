import { atLeast } from "../engine/version";

/** Oldest NVIDIA container toolkit: the first without CVE-2026-24260 (NVIDIA bulletin 5850). */
export const TOOLKIT_MINIMUM = "1.19.1";
/** From this Docker on, CDI devices of the toolkit's specification version work (toolkit release notes 1.19.1). */
export const CDI_DOCKER = "26.1";
/** Oldest Docker Engine that gpudev is tried with. */
export const DOCKER_MINIMUM = "20.10";

/** Whether a version such as `20.10.24+dfsg1` is older than another. */
export function olderThan(version: string, minimum: string): boolean {
  const numbers = /^\d+(\.\d+)*/.exec(version.trim())?.[0] ?? "0";
  return !atLeast(numbers, minimum);
}
