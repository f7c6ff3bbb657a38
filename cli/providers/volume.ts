import { z } from "zod";
import { isOurs, labelArgs } from "./ownership";
import { defineResource } from "./resource";

export const label = z.strictObject({ label: z.string(), value: z.string() });

const schema = z.strictObject({
  name: z.string().min(1),
  labels: z.array(label).default([]),
});

/** A Docker volume: a home. One that is there already with the same labels is a home found again. */
export const volume = defineResource<z.output<typeof schema>>({
  schema,
  effects: { name: "replace", labels: "replace" },
  deleteBeforeReplace: false,
  create: async ({ name, labels }, { docker, report }) => {
    const found = await docker.inspect("volume", name);
    if (found === undefined) {
      await docker.run(["volume", "create", ...labelArgs(labels), name]);
    } else if (isOurs(labels, found["Labels"])) {
      report("found again: going on with the home that is there");
    } else {
      throw new Error(
        `volume ${name} is there already and is not this stack's. ` +
          `Look what it holds (docker volume inspect ${name}), then rename the user or remove the volume`,
      );
    }
    return { id: name, computed: { driver: "local" } };
  },
  read: async (id, _state, { docker }) =>
    (await docker.inspect("volume", id)) === undefined ? undefined : {},
  delete: async (id, _state, { docker }) => {
    if ((await docker.inspect("volume", id)) === undefined) return;
    await docker.run(["volume", "rm", id]);
  },
});
