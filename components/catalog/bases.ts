/** A Linux base that images are built on. */
export interface Base {
  /** Names that mean it: image name and tag, without registry and digest. */
  readonly names: readonly string[];
  /** The distribution's own Python. */
  readonly python: string;
}

/**
 * Bases with a Python that the distribution maintains itself. Read 2026-11-22
 * from the distributions' package lists (package `python3`).
 */
export const BASES: readonly Base[] = [
  { names: ["ubuntu:22.04", "ubuntu:jammy"], python: "3.10" },
  { names: ["ubuntu:24.04", "ubuntu:noble"], python: "3.12" },
  { names: ["debian:12", "debian:bookworm", "bootstrap:bookworm"], python: "3.11" },
  { names: ["debian:13", "debian:trixie"], python: "3.13" },
];

/**
 * The Python of a base image, by its name: `ubuntu:22.04`, `debian:12-slim`,
 * `registry.example.com/mirror/ubuntu:22.04@sha256:…`. Absent for any other.
 */
export function pythonOfBase(base: string): string | undefined {
  const name = base
    .replace(/@.*$/, "")
    .replace(/^.*\//, "")
    .replace(/-slim$/, "");
  return BASES.find(({ names }) => names.includes(name))?.python;
}
