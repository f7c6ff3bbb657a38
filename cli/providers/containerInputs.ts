import { z } from "zod";
import type { Effect } from "./resource";
import { label } from "./volume";

const duration = z.string().regex(/^\d+(ms|s|m|h)$/, "must be a duration such as `5s`");

const NO_LIMIT =
  "a limit of processes is missing. With `gpudev:docker: {provider: official}`, remove `plugins` from Pulumi.yaml, " +
  "which names the bundled providers";

/** Inputs of `docker:index/container:Container` that gpudev sends. Sizes in MiB, as in Pulumi's own provider. */
export const containerSchema = z.strictObject({
  name: z.string().min(1),
  image: z.string().min(1),
  hostname: z.string().optional(),
  command: z.array(z.string()).default([]),
  envs: z.array(z.string()).default([]),
  user: z.string(),
  restart: z.enum(["no", "on-failure", "always", "unless-stopped"]).default("no"),
  readOnly: z.boolean().default(false),
  capabilities: z.strictObject({ drops: z.array(z.string()) }),
  securityOpts: z.array(z.string()).default([]),
  tmpfs: z.record(z.string(), z.string()).default({}),
  mounts: z
    .array(
      z.strictObject({
        type: z.enum(["volume", "bind"]),
        source: z.string(),
        target: z.string(),
        readOnly: z.boolean().default(false),
      }),
    )
    .default([]),
  ports: z
    .array(z.strictObject({ internal: z.int(), external: z.int(), ip: z.string() }))
    .default([]),
  networksAdvanced: z.array(z.strictObject({ name: z.string() })).length(1),
  memory: z.int().positive(),
  memorySwap: z.int().positive(),
  cpus: z.string().optional(),
  shmSize: z.int().positive(),
  pidsLimit: z.int({ error: NO_LIMIT }).positive(),
  ulimits: z.array(z.strictObject({ name: z.string(), soft: z.int(), hard: z.int() })).default([]),
  gpus: z.string().optional(),
  deviceRequests: z
    .array(z.strictObject({ driver: z.literal("cdi"), deviceIds: z.array(z.string()) }))
    .default([]),
  labels: z.array(label).default([]),
  healthcheck: z.strictObject({
    tests: z.tuple([z.literal("CMD")], z.string()),
    interval: duration,
    timeout: duration,
    startPeriod: duration,
    retries: z.int().positive(),
  }),
  wait: z.boolean().default(false),
  waitTimeout: z.int().positive().default(60),
  destroyGraceSeconds: z.int().min(0).optional(),
  stopTimeout: z.int().min(0).optional(),
});

export type ContainerInputs = z.output<typeof containerSchema>;

/**
 * What a change of each input does to a container that runs. As in Pulumi's own provider,
 * but for three: it leaves a changed `tmpfs` or `healthcheck` unapplied, where replacing
 * applies it, and it does not know `pidsLimit`, which Docker changes in place.
 */
export const containerEffects: Readonly<Record<keyof ContainerInputs, Effect>> = {
  name: "replace",
  image: "replace",
  hostname: "replace",
  command: "replace",
  envs: "replace",
  user: "replace",
  restart: "update",
  readOnly: "replace",
  capabilities: "replace",
  securityOpts: "replace",
  tmpfs: "replace",
  mounts: "replace",
  ports: "replace",
  networksAdvanced: "replace",
  memory: "update",
  memorySwap: "update",
  cpus: "replace",
  shmSize: "replace",
  pidsLimit: "update",
  ulimits: "replace",
  gpus: "replace",
  deviceRequests: "replace",
  labels: "replace",
  healthcheck: "replace",
  wait: "update",
  waitTimeout: "update",
  destroyGraceSeconds: "update",
  stopTimeout: "replace",
};
