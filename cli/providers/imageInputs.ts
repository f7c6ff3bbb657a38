import { z } from "zod";
import type { Effect } from "./resource";

/** Inputs of `docker-build:index:Image` that gpudev sends. */
export const imageSchema = z.strictObject({
  context: z.strictObject({ location: z.string() }),
  dockerfile: z.strictObject({ location: z.string() }).optional(),
  buildArgs: z.record(z.string(), z.string()).default({}),
  /** The first never moves; the others move with rebuilds. */
  tags: z.array(z.string()).min(1),
  push: z.boolean(),
  load: z.boolean().default(false),
  secrets: z.record(z.string().regex(/^[\w.-]+$/), z.string()).default({}),
  /** Logins for the push, beside the Docker client's own. */
  registries: z
    .array(z.strictObject({ address: z.string(), username: z.string(), password: z.string() }))
    .default([]),
  /** Pulumi's SDK sends this one always. */
  network: z.literal("default").default("default"),
  buildOnPreview: z.literal(false).default(false),
  ignoreSecretsInDiffCalculation: z.array(z.string()).default([]),
});

export type ImageInputs = z.output<typeof imageSchema>;

/**
 * What a change of each input does. An image is built again in place, as with Pulumi's own
 * provider. The first tag stands for everything that goes into the build, what is in the
 * context included. So where the context lies does not count, and two checkouts of one commit
 * agree; nor do secrets, which leave no trace in an image.
 */
export const imageEffects: Readonly<Record<keyof ImageInputs, Effect>> = {
  context: "ignore",
  dockerfile: "ignore",
  buildArgs: "update",
  tags: "update",
  push: "update",
  load: "update",
  secrets: "ignore",
  // Tokens differ with every run; what was pushed does not. Pulumi's own ignores them, too.
  registries: "ignore",
  network: "ignore",
  buildOnPreview: "ignore",
  ignoreSecretsInDiffCalculation: "ignore",
};
