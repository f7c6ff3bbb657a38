import { olderThan } from "./versions";

/**
 * Oldest NVIDIA container toolkit: the first without CVE-2026-24260, by which an image can break out to
 * the machine (CVSS 8.5). Read 2026-11-22 from NVIDIA's security bulletin 5850.
 */
export const TOOLKIT_MINIMUM = "1.19.1";

/**
 * First Docker Engine that reads the CDI specifications of a toolkit from `TOOLKIT_MINIMUM` on, which are
 * of CDI v0.7.0. Read 2026-11-22 from the release notes of toolkit 1.19.1.
 */
export const CDI_DOCKER = "26.1";

/** Oldest Docker Engine that gpudev is tried with. */
export const DOCKER_MINIMUM = "20.10";

/** Whether a Docker Engine reads the CDI specifications that the container toolkit writes. */
export function readsCdi(version: string): boolean {
  return !olderThan(version, CDI_DOCKER);
}
