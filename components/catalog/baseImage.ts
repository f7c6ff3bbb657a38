/** What `image.base` begins with where gpudev makes the base from the distribution's own archive. */
export const BOOTSTRAP_PREFIX = "bootstrap:";

/** Image name under which a base made from the distribution's archive lies on the daemon. */
export function bootstrapBaseImage(suite: string): string {
  return `gpudev/base:${suite}`;
}

/** The distribution's release to bootstrap, where `image.base` asks for that: `bookworm` of `bootstrap:bookworm`. */
export function bootstrapSuite(base: string): string | undefined {
  return base.startsWith(BOOTSTRAP_PREFIX) ? base.slice(BOOTSTRAP_PREFIX.length) : undefined;
}
