import { nearestBuilds, pythonOfBase } from "../catalog";
import type { TorchBuild } from "../catalog/model";
import type { Lookups } from "../lookups/model";
import type { Finding } from "../settings/finding";
import type { Settings } from "../settings/schema";
import { type Decided, error, hint, listed, warning } from "./findings";

/** PyTorch's own index of the wheels for one CUDA version. */
function torchIndex(cuda: string): string {
  return `https://download.pytorch.org/whl/${cudaSuffix(cuda)}`;
}

function cudaSuffix(cuda: string): string {
  return `cu${cuda.replace(".", "")}`;
}

function title(build: Pick<TorchBuild, "torch" | "cuda">): string {
  return `torch ${build.torch} with CUDA ${build.cuda}`;
}

export function noSuchBuild(torch: string, cuda: string | undefined): Finding {
  const near = nearestBuilds(torch, cuda ?? "").map(title);
  return error(
    "no-such-build",
    cuda === undefined ? "gpudev:image.torch" : "gpudev:image.cuda",
    cuda === undefined
      ? `There is no PyTorch ${torch} in gpudev's table of official builds`
      : `There is no official PyTorch ${torch} for CUDA ${cuda}`,
    `Take one that there is, nearest first: ${near.join("; ")}.`,
  );
}

export function choosePython(settings: Settings, build: TorchBuild | undefined): Decided<string> {
  const { base, python } = settings.image;
  const own = pythonOfBase(base);
  const chosen = python ?? own ?? "3.10";
  const findings: Finding[] = [];
  if (build !== undefined && !build.python.includes(chosen)) {
    const say = build.verified ? error : warning;
    findings.push(
      say(
        "python-not-in-build",
        python === undefined ? "gpudev:image.base" : "gpudev:image.python",
        `There is no ${title(build)} for Python ${chosen}; it comes for ${listed(build.python, 9)}`,
        python === undefined
          ? `${base} brings Python ${chosen}: take a base with another one.`
          : "Take one of those, with a base that brings it.",
      ),
    );
  }
  if (own === undefined) {
    findings.push(
      hint(
        "base-unknown",
        "gpudev:image.base",
        `gpudev does not know which Python ${base} brings and takes ${chosen}`,
        python === undefined
          ? "Write image.python as the base's own."
          : "Nothing to do, if that is the base's own.",
      ),
    );
  } else if (own !== chosen) {
    findings.push(
      error(
        "python-not-in-base",
        "gpudev:image.python",
        `${base} brings Python ${own}, not ${chosen}`,
        `Leave image.python out, or take a base that brings ${chosen}: ubuntu:22.04 brings 3.10, Debian 12 3.11, ubuntu:24.04 3.12.`,
      ),
    );
  } else if (python === undefined && own !== "3.10") {
    findings.push(
      hint(
        "base-python",
        "gpudev:image.base",
        `${base} brings Python ${own}, where the default base brings 3.10`,
        `Nothing to do; write image.python: "${own}" to say that it is meant.`,
      ),
    );
  }
  return { value: chosen, findings };
}

/** The index that the build's wheels come from: none for the default one. */
export function chooseIndex(settings: Settings, build: TorchBuild | undefined): Decided<string> {
  const { indexUrl } = settings.image;
  if (build === undefined) return { value: indexUrl ?? "", findings: [] };
  const named = indexUrl === undefined ? undefined : /\/(cu\d+|cpu)\/?$/.exec(indexUrl)?.[1];
  if (named !== undefined && named !== cudaSuffix(build.cuda)) {
    const finding = error(
      "index-differs",
      "gpudev:image.indexUrl",
      `The index is for ${named}, and the image is to have CUDA ${build.cuda} (${cudaSuffix(build.cuda)})`,
      `Write ${torchIndex(build.cuda)}, or correct image.cuda.`,
    );
    return { value: indexUrl ?? "", findings: [finding] };
  }
  if (indexUrl !== undefined || build.indexDefault) return { value: indexUrl ?? "", findings: [] };
  const finding = hint(
    "index-chosen",
    "gpudev:image.indexUrl",
    `The default package index does not serve ${title(build)}; its wheels come from ${torchIndex(build.cuda)}`,
    "Nothing to do, unless your network needs a mirror: then name it as image.indexUrl.",
  );
  return { value: torchIndex(build.cuda), findings: [finding] };
}

/** Name of the lock file of a build: `torch2.6.0-cu124-py3.10.txt`. */
export function lockName(torch: string, cuda: string, python: string): string {
  return `torch${torch}-${cudaSuffix(cuda)}-py${python}.txt`;
}

export function checkLock(
  lock: string,
  build: TorchBuild,
  python: string,
  index: string,
  locks: Lookups["locks"],
) {
  if (locks[lock] !== undefined) return [];
  const command = ["images/pytorch-cuda/lock.sh", build.torch, build.cuda, python];
  if (index !== "") command.push(index);
  return [
    error(
      "no-lock",
      "gpudev:image",
      `There is no lock for ${title(build)} and Python ${python} (images/pytorch-cuda/locks/${lock})`,
      `Make it: ${command.join(" ")}`,
    ),
  ];
}

export function checkBuild(build: TorchBuild): Finding[] {
  if (build.verified) return [];
  return [
    warning(
      "build-unverified",
      "gpudev:image.torch",
      `What gpudev knows of ${title(build)} was not verified (${build.source}, ${build.asOf})`,
      "Nothing to do, if it works; otherwise take a verified build, such as torch 2.6.0 with CUDA 12.4.",
    ),
  ];
}
