import { createHash } from "node:crypto";
import { bootstrapBaseImage, bootstrapSuite, defaultCuda, findTorchBuild } from "../catalog";
import type { TorchBuild } from "../catalog/model";
import type { Lookups } from "../lookups/model";
import type { Finding } from "../settings/finding";
import type { Settings } from "../settings/schema";
import { type Decided, hint } from "./findings";
import {
  checkBuild,
  checkLock,
  chooseIndex,
  choosePython,
  lockName,
  noSuchBuild,
} from "./imageParts";
import type { PlannedImage } from "./model";

/** What the image is decided by. */
export type ImageLookups = Pick<Lookups, "base" | "locks" | "imageContextHash">;

/** The image, and the catalog's row of its torch build where there is one. */
export interface ResolvedImage {
  readonly image: PlannedImage;
  readonly build?: TorchBuild;
}

/** A base that gpudev makes itself and has not made yet. */
function checkBase(base: string, suite: string | undefined, lookups: ImageLookups): Finding[] {
  if (suite === undefined || !lookups.base.known || lookups.base.value.present) return [];
  return [
    hint(
      "base-to-make",
      "gpudev:image.base",
      `The base ${base} has not been made on this daemon yet`,
      "gpudev up makes it; a plain pulumi up does not.",
    ),
  ];
}

function existingImage(settings: Settings, existing: string): Decided<ResolvedImage> {
  const { repository, torch, cuda = "", python = "" } = settings.image;
  const image = {
    existing,
    repository,
    push: false,
    immutableTag: "",
    movingTags: [],
    buildArgs: {},
  };
  const finding = hint(
    "image-unchecked",
    "gpudev:image.existing",
    "An image that exists is used as it is: whether it fits driver and GPUs was not checked",
    "Run gpu-check in an environment: it says what fits.",
  );
  return { value: { image: { ...image, torch, cuda, python } }, findings: [finding] };
}

function sorted(packages: readonly string[]): string {
  return [...new Set(packages)].toSorted().join(" ");
}

/** Decides the image: its torch build, base, Python, lock, build arguments and tags. */
export function resolveImage(settings: Settings, lookups: ImageLookups): Decided<ResolvedImage> {
  const wish = settings.image;
  if (wish.existing !== undefined) return existingImage(settings, wish.existing);
  const build = findTorchBuild(wish.torch, wish.cuda);
  const torch = build?.torch ?? wish.torch;
  const cuda = build?.cuda ?? wish.cuda ?? defaultCuda(wish.torch) ?? "12.4";
  const { value: python, findings: pythonFindings } = choosePython(settings, build);
  const { value: index, findings: indexFindings } = chooseIndex(settings, build);
  const lock = lockName(torch, cuda, python);
  const suite = bootstrapSuite(wish.base);
  const usable = [...pythonFindings, ...indexFindings].every(
    ({ severity }) => severity !== "error",
  );
  const findings: Finding[] = [
    ...(build === undefined
      ? [noSuchBuild(wish.torch, findTorchBuild(wish.torch) ? wish.cuda : undefined)]
      : checkBuild(build)),
    ...pythonFindings,
    ...indexFindings,
    ...(build !== undefined && usable ? checkLock(lock, build, python, index, lookups.locks) : []),
  ];
  findings.push(...checkBase(wish.base, suite, lookups));
  const version = `${torch}-cuda${cuda}-py${python}`;
  const buildArgs = {
    BASE_IMAGE: suite === undefined ? wish.base : bootstrapBaseImage(suite),
    PYTHON: python,
    LOCK: lock,
    LOCK_HASH: lookups.locks[lock] ?? "",
    TORCH: torch,
    CUDA: cuda,
    INDEX_URL: index,
    APT_PACKAGES: sorted(wish.apt),
    PIP_PACKAGES: sorted(wish.pip),
    DEV_UID: `${wish.uid}`,
    DEV_GID: `${wish.uid}`,
    VERSION: version,
    REVISION: lookups.imageContextHash,
  };
  const hash = createHash("sha256")
    .update(JSON.stringify(Object.entries(buildArgs).toSorted()))
    .digest("hex");
  const minor = torch.split(".").slice(0, 2).join(".");
  const image: PlannedImage = {
    repository: wish.repository,
    push: wish.push,
    immutableTag: `${version}-${hash.slice(0, 12)}`,
    movingTags: [`${minor}-cuda${cuda}`, ...(wish.push ? [`v${minor}`] : [])],
    buildArgs,
    ...(wish.extraCa === undefined ? {} : { extraCa: wish.extraCa }),
    torch,
    cuda,
    python,
  };
  return { value: { image, ...(build === undefined ? {} : { build }) }, findings };
}
