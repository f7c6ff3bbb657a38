import { buildImage } from "./build";
import { imageEffects, imageSchema } from "./imageInputs";
import type { ImageInputs } from "./imageInputs";
import { withLogins } from "./logins";
import { defineResource } from "./resource";
import type { Call } from "./resource";
import type { Properties } from "./values";

interface Inspected {
  readonly Id: string;
  readonly RepoDigests?: readonly string[] | null;
}

/** A built image. Deleting it leaves it on the daemon: other stacks may run it, and it makes the next build quick. */
export const image = defineResource<ImageInputs>({
  schema: imageSchema,
  effects: imageEffects,
  deleteBeforeReplace: false,
  create: async (inputs, call) => {
    const computed = await provide(inputs, call);
    return { id: firstTag(inputs), computed };
  },
  read: async (_id, state, { docker }) => {
    const id = state["imageId"];
    const found = typeof id === "string" ? await docker.inspect("image", id) : undefined;
    return found === undefined ? undefined : {};
  },
  update: (_id, inputs, _state, call) => provide(inputs, call),
  delete: () => Promise.resolve(),
});

function firstTag(inputs: ImageInputs): string {
  return inputs.tags[0] ?? "";
}

/** Builds unless the image with the tag that never moves is there already; then sets the other tags and pushes. */
async function provide(inputs: ImageInputs, call: Call): Promise<Properties> {
  const { docker, report } = call;
  const tag = firstTag(inputs);
  if ((await docker.inspect("image", tag)) === undefined) await buildImage(inputs, tag, call);
  else report("the daemon has this image already");
  for (const other of inputs.tags.slice(1)) await docker.run(["tag", tag, other]);
  if (inputs.push) {
    await withLogins(inputs.registries, (env) => push(inputs.tags, env, call));
  }

  const found = (await docker.inspect("image", tag)) as Inspected | undefined;
  if (found === undefined) throw new Error(`image ${tag} went away while it was made`);
  const imageId = found.Id;
  const repository = tag.slice(0, tag.lastIndexOf(":"));
  const pushed = (found.RepoDigests ?? []).find(
    (reference) => reference.split("@")[0] === repository,
  );
  const ref = inputs.push && pushed !== undefined ? pushed : imageId;
  return { imageId, ref, digest: ref.split("@").at(-1) ?? ref };
}

async function push(
  tags: readonly string[],
  env: Readonly<Record<string, string>>,
  { docker, report }: Call,
): Promise<void> {
  for (const tag of tags) {
    report(`pushing ${tag}`);
    await docker.run(["push", tag], { timeout: 0, onLine: report, env });
  }
}
