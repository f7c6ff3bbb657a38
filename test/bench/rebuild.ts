import * as path from "node:path";
import { buildArgs } from "../../cli/providers/build";
import { findBuilder } from "../../cli/providers/builder";
import { imageSchema } from "../../cli/providers/imageInputs";
import { readLookups } from "../../components/lookups";
import { resolveImage } from "../../components/plan/image";
import { parseSettings } from "../../components/settings";
import { docker } from "../support/docker";
import { ROOT } from "../support/gpudev";
import { imageSettings } from "../support/image";
import { must, run } from "../support/processes";
import { seconds, type Figure, type Measurement, type Say } from "./figures";

const TAG = "gpudev-bench/rebuild";
const CONTEXT = path.join(ROOT, "images", "pytorch-cuda");
const HOUR = 3_600_000;
/** Small, pure Python, and nothing that the image has already. */
const PACKAGE = "pyjokes";

/** What gpudev would build for these packages. */
async function planned(pip: readonly string[]) {
  const image = { ...(imageSettings() as Record<string, unknown>), pip };
  const { settings } = parseSettings({
    stack: "bench",
    config: {
      "gpudev:target": "workstation",
      "gpudev:users": "[]",
      "gpudev:image": JSON.stringify(image),
    },
    readFile: () => "",
  });
  if (settings === undefined) throw new Error("the image's settings cannot be read");
  return resolveImage(settings, await readLookups(settings)).value.image;
}

async function build(pip: readonly string[], tag: string, options: readonly string[]) {
  const { file, args, env } = await findBuilder();
  const image = await planned(pip);
  const inputs = imageSchema.parse({
    context: { location: CONTEXT },
    buildArgs: image.buildArgs,
    tags: [tag],
    push: false,
  });
  const secret = image.extraCa === undefined ? [] : ["--secret", `id=ca,src=${image.extraCa}`];
  return () =>
    must(file, [...args, ...buildArgs(inputs, tag), ...options, ...secret, CONTEXT], {
      env: { ...process.env, ...env },
      timeout: HOUR,
    });
}

async function measure(say: Say): Promise<readonly Figure[]> {
  const tags = { full: `${TAG}:full`, more: `${TAG}:more` };
  try {
    say("a full build without any cache takes minutes, and downloads PyTorch's wheels");
    const full = await seconds(await build([], tags.full, ["--no-cache"]));
    say(`the same with ${PACKAGE}`);
    const more = await seconds(await build([PACKAGE], tags.more, []));
    await docker("run", "--rm", tags.more, "python", "-c", `import ${PACKAGE}`);
    return [
      { name: "image, full build", value: full, unit: "s" },
      {
        name: "image, one more pip package",
        value: more,
        unit: "s",
        ratio: more / full,
        atMost: 0.1,
        note: "built once each; the base image was there",
      },
    ];
  } finally {
    for (const tag of Object.values(tags)) await run("docker", ["image", "rm", tag]);
  }
}

/** What a person's extra package costs. */
export const rebuild: Measurement = {
  name: "rebuild",
  title: "Full build of the image, and one with a package more (takes many minutes)",
  measure,
};
