import type { Problem } from "./resource";
import { reveal } from "./values";
import type { Properties } from "./values";

// The engine's own keys ride along with a provider's configuration.
const KNOWN = new Set(["host", "version", "pluginDownloadURL", "__internal"]);

/** Refuses configuration that the bundled providers do not follow, rather than work on another daemon. */
export function checkConfig(config: Properties): readonly Problem[] {
  return Object.keys(config)
    .filter((key) => !KNOWN.has(key))
    .map((property) => ({
      property,
      reason:
        "gpudev's bundled provider does not take this; it follows the Docker client's own login and context. " +
        "To set it, use Pulumi's own: `gpudev:docker: {provider: official}`",
    }));
}

/** The daemon to work on; undefined: the Docker client's default. */
export function hostOf(config: Properties): string | undefined {
  const host = reveal(config["host"] ?? null);
  return typeof host === "string" && host !== "" ? host : undefined;
}
