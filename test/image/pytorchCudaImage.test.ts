import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import type { Properties } from "../../cli/providers/values";
import { image as provided } from "../../cli/providers/image";
import {
  imageReference,
  imageTags,
  PyTorchCudaImage,
  type PyTorchCudaImageArgs,
} from "../../components/image/pytorchCudaImage";
import { registered } from "../support/registered";

const SECRET_MARK = "4dabf18193072939515e22adb298388d";
const REPOSITORY = "registry.example.com:5000/ml/pytorch-cuda";
const ARGS: PyTorchCudaImageArgs = {
  repository: REPOSITORY,
  immutableTag: "2.6.0-cu124-py3.10-0123",
  movingTags: ["2.6-cuda12.4"],
  buildArgs: { PYTHON: "3.10" },
};
const build = (args: Partial<PyTorchCudaImageArgs> = {}, preview = false) =>
  registered(() => new PyTorchCudaImage("image", { ...ARGS, ...args }).reference, preview);

describe("the reference that containers run", () => {
  const built = { repository: "a/b", tags: ["a/b:1", "a/b:latest"], digest: "sha256:d" };
  it.each([
    ["pushed: by digest", true, true, "a/b@sha256:d"],
    ["pushed by the official provider: by digest", true, false, "a/b@sha256:d"],
    ["unpushed: by image ID", false, true, "sha256:d"],
    [
      "unpushed, where the provider tells no image ID: by the tag that never moves",
      false,
      false,
      "a/b:1",
    ],
  ])("%s", (_, push, byId, reference) => {
    expect(imageReference({ ...built, push, byId })).toBe(reference);
  });
});

describe("the image component", () => {
  it("builds images/pytorch-cuda once, as a child, and not in a preview", async () => {
    const { asked } = await build();
    expect(asked.map(({ type, name, parent }) => [type, name, parent])).toEqual([
      ["gpudev:index:PyTorchCudaImage", "image", asked[0]?.parent],
      ["docker-build:index:Image", "image-build", "image"],
    ]);
    const inputs = asked[1]?.inputs;
    expect(inputs).toMatchObject({
      buildArgs: { PYTHON: "3.10" },
      tags: [
        "registry.example.com:5000/ml/pytorch-cuda:2.6.0-cu124-py3.10-0123",
        "registry.example.com:5000/ml/pytorch-cuda:2.6-cuda12.4",
      ],
      push: false,
      load: true,
      buildOnPreview: false,
    });
    const { location } = (inputs as { context: { location: string } }).context;
    expect(fs.existsSync(path.join(location, "Dockerfile"))).toBe(true);
  });

  it("sends nothing that the bundled provider refuses", async () => {
    const { asked } = await build({ push: true });
    expect(provided.check(JSON.parse(JSON.stringify(asked[1]?.inputs)) as Properties)).toEqual([]);
  });

  it("knows its reference once it is built, and not before", async () => {
    expect((await build()).value).toBe("sha256:built");
    expect((await build({}, true)).value).toBeUndefined();
    expect((await build({ push: true })).value).toBe(`${REPOSITORY}@sha256:built`);
  });

  it("hands a CA over as a secret that no later difference counts", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-ca-"));
    const extraCa = path.join(folder, "ca.pem");
    fs.writeFileSync(extraCa, "CERTIFICATE\n");
    const inputs = (await build({ extraCa })).asked[1]?.inputs;
    fs.rmSync(folder, { recursive: true });
    expect(inputs).toMatchObject({ ignoreSecretsInDiffCalculation: ["ca"] });
    expect(JSON.stringify(inputs?.["secrets"])).toContain(SECRET_MARK);
  });

  it("names the tag that never moves first", () => {
    expect(imageTags({ repository: "a", immutableTag: "1", movingTags: ["2", "3"] })).toEqual([
      "a:1",
      "a:2",
      "a:3",
    ]);
  });
});
