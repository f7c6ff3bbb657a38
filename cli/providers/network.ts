import { z } from "zod";
import { isOurs, labelArgs } from "./ownership";
import { defineResource } from "./resource";
import { label } from "./volume";

const schema = z.strictObject({
  name: z.string().min(1),
  driver: z.literal("bridge").default("bridge"),
  ipamConfigs: z.array(z.strictObject({ subnet: z.string(), gateway: z.string() })).length(1),
  labels: z.array(label).default([]),
});

/** A Docker bridge network of one user. */
export const network = defineResource<z.output<typeof schema>>({
  schema,
  effects: { name: "replace", driver: "replace", ipamConfigs: "replace", labels: "replace" },
  deleteBeforeReplace: true,
  create: async ({ name, driver, ipamConfigs, labels }, { docker }) => {
    const found = await docker.inspect("network", name);
    if (found !== undefined) {
      if (!isOurs(labels, found["Labels"])) {
        throw new Error(
          `network ${name} is there already and is not this stack's: remove it (docker network rm ${name})`,
        );
      }
      // Left by a run that was killed. It holds nothing, and may have another range.
      await docker.run(["network", "rm", name]);
    }
    const ranges = ipamConfigs.flatMap(({ subnet, gateway }) => [
      "--subnet",
      subnet,
      "--gateway",
      gateway,
    ]);
    const id = await docker.run([
      ...["network", "create", "--driver", driver],
      ...ranges,
      ...labelArgs(labels),
      name,
    ]);
    return { id, computed: { scope: "local", internal: false } };
  },
  read: async (id, _state, { docker }) =>
    (await docker.inspect("network", id)) === undefined ? undefined : {},
  delete: async (id, _state, { docker }) => {
    if ((await docker.inspect("network", id)) === undefined) return;
    await docker.run(["network", "rm", id]);
  },
});
