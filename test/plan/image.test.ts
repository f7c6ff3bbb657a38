import { describe, expect, it } from "vitest";
import { makePlan } from "../../components/plan";
import { codes, errorsOf, GIB, machine, settingsOf, theFinding } from "./world";

const CONTEXT = "c".repeat(64);

function plan(image: Record<string, unknown> = {}, changes = {}) {
  return makePlan(settingsOf(["a"], { image }), machine([], changes));
}

describe("the image", () => {
  it("is torch 2.6.0 with CUDA 12.4 on Ubuntu 22.04 by default", () => {
    const { image } = plan();
    expect(image.immutableTag).toMatch(/^2\.6\.0-cuda12\.4-py3\.10-[0-9a-f]{12}$/);
    expect(image).toEqual({
      repository: "pytorch-cuda",
      push: false,
      immutableTag: image.immutableTag,
      movingTags: ["2.6-cuda12.4"],
      torch: "2.6.0",
      cuda: "12.4",
      python: "3.10",
      buildArgs: {
        BASE_IMAGE: "ubuntu:22.04",
        PYTHON: "3.10",
        LOCK: "torch2.6.0-cu124-py3.10.txt",
        INDEX_URL: "",
        APT_PACKAGES: "",
        PIP_PACKAGES: "",
        DEV_UID: "1000",
        DEV_GID: "1000",
        VERSION: "2.6.0-cuda12.4-py3.10",
        REVISION: CONTEXT,
      },
    });
  });

  it("takes what settings say into its build arguments", () => {
    const { image } = plan({
      torch: "2.6",
      apt: ["vim", "git-lfs", "vim"],
      pip: ["pandas", "einops==0.8"],
      uid: 1001,
      repository: "registry.example.com/ml/pytorch-cuda",
      push: true,
      extraCa: "/etc/ssl/corp.pem",
    });
    expect(image.buildArgs).toMatchObject({
      APT_PACKAGES: "git-lfs vim",
      PIP_PACKAGES: "einops==0.8 pandas",
      DEV_UID: "1001",
      DEV_GID: "1001",
    });
    expect(image.repository).toBe("registry.example.com/ml/pytorch-cuda");
    expect(image.movingTags).toEqual(["2.6-cuda12.4", "v2.6"]);
    expect(image.extraCa).toBe("/etc/ssl/corp.pem");
    expect(image.torch).toBe("2.6.0");
  });

  it("has a tag that changes with everything that goes in, and with nothing else", () => {
    const tag = plan().image.immutableTag;
    const same = plan({ repository: "other", push: true }, { time: "2027-01-01T00:00:00Z" });
    expect(same.image.immutableTag).toBe(tag);
    const others = [
      plan({ pip: ["pandas"] }),
      plan({ apt: ["vim"] }),
      plan({ uid: 1001 }),
      plan({ indexUrl: "https://mirror.example.com/simple" }),
      plan({ base: "ubuntu:jammy" }),
      plan({}, { imageContextHash: "d".repeat(64) }),
      plan({}, { locks: { "torch2.6.0-cu124-py3.10.txt": "e".repeat(64) } }),
    ].map(({ image }) => image.immutableTag);
    expect(new Set([tag, ...others]).size).toBe(8);
    const order = [plan({ pip: ["a", "b"] }), plan({ pip: ["b", "a"] })];
    expect(order[0]?.image.immutableTag).toBe(order[1]?.image.immutableTag);
    const locks = {
      "torch2.6.0-cu124-py3.10.txt": "a".repeat(64),
      "torch2.9.0-cu128-py3.10.txt": "f".repeat(64),
    };
    expect(plan({}, { locks }).image.immutableTag).toBe(tag);
  });

  it("on Debian has Debian's Python, and a hint says so", () => {
    const debian = plan({ base: "bootstrap:bookworm" });
    expect(debian.image.buildArgs).toMatchObject({
      BASE_IMAGE: "gpudev/base:bookworm",
      PYTHON: "3.11",
      LOCK: "torch2.6.0-cu124-py3.11.txt",
    });
    expect(errorsOf(debian)).toEqual([]);
    expect(theFinding(debian, "base-python")).toMatchObject({
      severity: "hint",
      path: "gpudev:image.base",
      message: "bootstrap:bookworm brings Python 3.11, where the default base brings 3.10.",
    });
    expect(codes(plan({ base: "debian:12", python: "3.11" }).findings)).not.toContain(
      "base-python",
    );
  });

  it("says when its base has still to be made", () => {
    const base = { known: true as const, value: { present: false } };
    expect(
      theFinding(plan({ base: "bootstrap:bookworm" }, { base }), "base-to-make").severity,
    ).toBe("hint");
    expect(codes(plan({}, { base }).findings)).not.toContain("base-to-make");
  });

  it("is refused for a pair that was never built, with those that were, nearest first", () => {
    const finding = theFinding(plan({ torch: "2.6.0", cuda: "12.1" }), "no-such-build");
    expect(finding).toMatchObject({
      severity: "error",
      path: "gpudev:image.cuda",
      message: "There is no official PyTorch 2.6.0 for CUDA 12.1.",
    });
    expect(finding.mend).toMatch(
      /^Take one that there is, nearest first: torch 2\.6\.0 with CUDA 12\.4; torch 2\.6\.0 with CUDA 12\.6; torch 2\.6\.0 with CUDA 11\.8; torch 2\.5\.1 with CUDA 12\.1/,
    );
  });

  it("is refused for a release that nobody knows", () => {
    const finding = theFinding(plan({ torch: "9.9.9" }), "no-such-build");
    expect(finding.path).toBe("gpudev:image.torch");
    expect(finding.message).toBe("There is no PyTorch 9.9.9 in gpudev's table of official builds.");
  });

  it.each([
    {
      image: { python: "3.14", base: "example.com/py314" },
      code: "python-not-in-build",
      message:
        "There is no torch 2.6.0 with CUDA 12.4 for Python 3.14; it comes for 3.9, 3.10, 3.11, 3.12 and 3.13.",
    },
    {
      image: { python: "3.12" },
      code: "python-not-in-base",
      message: "ubuntu:22.04 brings Python 3.10, not 3.12.",
    },
  ])("is refused for a Python that is not there: $code", ({ image, code, message }) => {
    const refused = plan(image);
    expect(errorsOf(refused)).toEqual([code]);
    expect(theFinding(refused, code)).toMatchObject({ path: "gpudev:image.python", message });
  });

  it("asks for a lock that nobody made, with the command that makes it", () => {
    expect(theFinding(plan({ base: "ubuntu:24.04" }), "no-lock")).toMatchObject({
      severity: "error",
      message:
        "There is no lock for torch 2.6.0 with CUDA 12.4 and Python 3.12 (images/pytorch-cuda/locks/torch2.6.0-cu124-py3.12.txt).",
      mend: "Make it: images/pytorch-cuda/lock.sh 2.6.0 12.4 3.12",
    });
  });

  it("takes wheels that the default index lacks from PyTorch's own", () => {
    const other = plan({ cuda: "12.6" });
    const index = "https://download.pytorch.org/whl/cu126";
    expect(other.image.buildArgs.INDEX_URL).toBe(index);
    expect(theFinding(other, "index-chosen").severity).toBe("hint");
    expect(theFinding(other, "no-lock").mend).toBe(
      `Make it: images/pytorch-cuda/lock.sh 2.6.0 12.6 3.10 ${index}`,
    );
  });

  it("refuses an index of another CUDA version", () => {
    const wrong = plan({ indexUrl: "https://download.pytorch.org/whl/cu118" });
    expect(theFinding(wrong, "index-differs")).toMatchObject({
      path: "gpudev:image.indexUrl",
      message: "The index is for cu118, and the image is to have CUDA 12.4 (cu124).",
    });
    const right = plan({ indexUrl: "https://download.pytorch.org/whl/cu124" });
    expect(errorsOf(right)).toEqual([]);
    expect(right.image.buildArgs.INDEX_URL).toBe("https://download.pytorch.org/whl/cu124");
  });

  it("that exists is used as it is", () => {
    const existing = `registry.example.com/ml/torch@sha256:${"1".repeat(64)}`;
    const used = plan({ existing, torch: "1.0", extraCa: "/no/where" });
    expect(used.image).toMatchObject({ existing, movingTags: [], buildArgs: {} });
    expect(errorsOf(used)).toEqual([]);
  });
});

describe("the disk", () => {
  const free = (gib: number, images: readonly string[] = []) => ({
    freeDisk: { known: true as const, value: gib * GIB },
    images: { known: true as const, value: images },
  });

  it("has to hold the build", () => {
    expect(theFinding(plan({}, free(15)), "disk-too-small")).toMatchObject({
      severity: "error",
      message: "15.0 GiB are free at /var/lib/docker, and building the image takes up to 16.0 GiB.",
    });
    expect(errorsOf(plan({}, free(16)))).toEqual([]);
  });

  it("has to hold homes only, where the image is there", () => {
    const image = `pytorch-cuda:${plan().image.immutableTag}`;
    expect(codes(plan({}, free(6, [image])).findings)).toEqual(codes(plan().findings));
    expect(theFinding(plan({}, free(4, [image])), "disk-low").severity).toBe("warning");
  });
});
