import { docker } from "../support/docker";
import { imageName } from "../support/image";
import type { Figure, Measurement } from "./figures";

/** Adds up what pip installed of PyTorch: as its wheels list it, and as it lies on disk, bytecode included. */
const SIZES = `
import importlib.metadata as metadata, json, os, re, sys
listed, there = 0, {}
for one in metadata.distributions(path=[p for p in sys.path if p.startswith("/opt/venv/")]):
    if not re.fullmatch(r"torch|torchvision|triton|nvidia[-_].*", one.metadata["Name"]):
        continue
    for entry in one.files or []:
        listed += entry.size or 0
        path = str(entry.locate())
        cache = os.path.join(os.path.dirname(path), "__pycache__")
        name = os.path.basename(path)
        twins = [os.path.join(cache, c) for c in os.listdir(cache)
                 if c.startswith(name[:-3] + ".")] if name.endswith(".py") and os.path.isdir(cache) else []
        for found in [path, *twins]:
            if os.path.lexists(found):
                there[os.path.realpath(found)] = os.lstat(found).st_size
print(json.dumps({"listed": listed, "there": sum(there.values())}))
`;

async function measure(): Promise<readonly Figure[]> {
  const image = imageName();
  const size = Number(await docker("image", "inspect", "--format", "{{.Size}}", image));
  const printed = await docker(
    ...["run", "--rm", "--entrypoint", "/opt/venv/bin/python", image, "-I", "-c", SIZES],
  );
  const { listed, there } = JSON.parse(printed) as { listed: number; there: number };
  return [
    { name: "PyTorch's wheels as installed", value: there / 1e9, unit: "GB" },
    {
      name: "image on disk",
      value: size / 1e9,
      unit: "GB",
      ratio: size / there,
      atMost: 1.12,
      note: `${image}; against torch, torchvision, triton and NVIDIA's libraries as they lie in it (${(size / listed).toFixed(3)} against what their wheels list)`,
    },
  ];
}

/** What the image holds beside PyTorch. */
export const imageSize: Measurement = {
  name: "image",
  title: "Bytes of the image against PyTorch's installed wheels",
  measure,
};
