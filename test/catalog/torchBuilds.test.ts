import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  buildsOf,
  compareVersions,
  defaultCuda,
  findTorchBuild,
  fullTorchVersion,
  nearestBuilds,
  TORCH_BUILDS,
  TORCH_RELEASES,
} from "../../components/catalog";

const title = ({ torch, cuda }: { torch: string; cuda: string }) => `${torch} cu${cuda}`;

describe("torch builds", () => {
  it("has exactly the official CUDA builds of torch 2.6", () => {
    const shared = {
      torch: "2.6.0",
      torchvision: "0.21.0",
      python: ["3.9", "3.10", "3.11", "3.12", "3.13"],
    };
    const capabilities = ["5.0", "6.0", "7.0", "7.5", "8.0", "8.6", "9.0"];
    expect(buildsOf("2.6")).toEqual([
      {
        ...shared,
        cuda: "11.8",
        indexDefault: false,
        cudnn: "9.1.0.70",
        nccl: "2.21.5",
        capabilities,
        driverFloor: "450.80.02",
        driverToolkit: "520.61.05",
        unverified: ["cudnn"],
        verified: false,
        asOf: "2026-11-22",
        source: expect.stringContaining("RELEASE.md") as string,
      },
      {
        ...shared,
        cuda: "12.4",
        indexDefault: true,
        cudnn: "9.1.0.70",
        nccl: "2.21.5",
        capabilities,
        driverFloor: "525.60.13",
        driverToolkit: "550.54.14",
        unverified: [],
        verified: true,
        asOf: "2026-11-22",
        source: expect.stringContaining("RELEASE.md") as string,
      },
      {
        ...shared,
        cuda: "12.6",
        indexDefault: false,
        cudnn: "9.5.1.17",
        nccl: "2.21.5",
        capabilities,
        driverFloor: "525.60.13",
        driverToolkit: "560.28.03",
        unverified: [],
        verified: true,
        asOf: "2026-11-22",
        source: expect.stringContaining("RELEASE.md") as string,
      },
    ]);
    expect(findTorchBuild("2.6.0", "12.1")).toBeUndefined();
  });

  it.each([
    ["2.4", "11.8 12.1 12.4", "12.1"],
    ["2.5", "11.8 12.1 12.4", "12.4"],
    ["2.6", "11.8 12.4 12.6", "12.4"],
    ["2.7", "11.8 12.6 12.8", "12.6"],
    ["2.8", "12.6 12.8 12.9", "12.8"],
    ["2.9", "12.6 12.8 13.0", "12.8"],
    ["2.10", "12.6 12.8 13.0", "12.8"],
    ["2.11", "12.6 12.8 12.9 13.0", "13.0"],
    ["2.12", "12.6 13.0 13.2", "13.0"],
    ["2.13", "12.6 13.0 13.2", "13.0"],
    ["2.14", "12.6 13.0 13.2", "13.0"],
  ])("torch %s comes for CUDA %s, by default %s", (torch, cuda, byDefault) => {
    expect(
      buildsOf(torch)
        .map((build) => build.cuda)
        .join(" "),
    ).toBe(cuda);
    expect(defaultCuda(torch)).toBe(byDefault);
    expect(findTorchBuild(torch)?.cuda).toBe(byDefault);
  });

  it("holds what must hold of every row", () => {
    expect(new Set(TORCH_BUILDS.map(title)).size).toBe(TORCH_BUILDS.length);
    for (const build of TORCH_BUILDS) {
      expect(compareVersions(build.driverFloor, build.driverToolkit), title(build)).toBeLessThan(0);
      expect(build.python.length, title(build)).toBeGreaterThanOrEqual(5);
      expect(build.python.every((version) => /^3\.\d+$/.test(version))).toBe(true);
      expect(new Date(build.asOf).toISOString().slice(0, 10)).toBe(build.asOf);
      expect(build.source).not.toBe("");
      expect([...build.capabilities].sort(compareVersions)).toEqual(build.capabilities);
      for (const version of [build.cudnn, build.nccl, build.torchvision])
        expect(version).toMatch(/^\d+(\.\d+)+$/);
    }
  });

  it("has Blackwell in every build for CUDA 12.8 or newer, and in no older one", () => {
    for (const build of TORCH_BUILDS) {
      const newEnough = compareVersions(build.cuda, "12.8") >= 0;
      expect(build.capabilities.includes("12.0"), title(build)).toBe(newEnough);
      expect(build.capabilities.includes("10.0"), title(build)).toBe(newEnough);
    }
  });

  it("has one default build for each release", () => {
    for (const torch of TORCH_RELEASES)
      expect(
        buildsOf(torch).filter(({ indexDefault }) => indexDefault),
        torch,
      ).toHaveLength(1);
  });

  it("keeps the torchvision of each patch release", () => {
    expect(findTorchBuild("2.5.0")?.torchvision).toBe("0.20.0");
    expect(findTorchBuild("2.5.1")?.torchvision).toBe("0.20.1");
    expect(findTorchBuild("2.12.1")?.torchvision).toBe("0.27.1");
  });

  it.each([
    ["2.6", "2.6.0"],
    ["2.6.0", "2.6.0"],
    ["2.5", "2.5.1"],
    ["2.1", "2.1"],
    ["2.10", "2.10.0"],
    ["2", "2"],
    ["", ""],
    ["latest", "latest"],
  ])("reads torch %j as %j", (written, full) => {
    expect(fullTorchVersion(written)).toBe(full);
  });
});

describe("nearestBuilds", () => {
  it("names CUDA versions of the same torch first, nearest first", () => {
    expect(nearestBuilds("2.6", "12.1").map(title)).toEqual([
      "2.6.0 cu12.4",
      "2.6.0 cu12.6",
      "2.6.0 cu11.8",
      "2.5.1 cu12.1",
      "2.4.1 cu12.1",
    ]);
  });

  it("names other releases with the same CUDA where the release is unknown", () => {
    expect(nearestBuilds("2.15.0", "13.2").map(title)).toEqual([
      "2.14.0 cu13.2",
      "2.13.0 cu13.2",
      "2.12.1 cu13.2",
    ]);
  });

  it("names default builds of the nearest releases where nothing is known", () => {
    expect(nearestBuilds("2.3.1", "").map(title)).toEqual([
      "2.4.1 cu12.1",
      "2.5.1 cu12.4",
      "2.6.0 cu12.4",
    ]);
    expect(nearestBuilds("latest", "newest").map(title)).toHaveLength(3);
  });

  it("never comes back empty, and with nothing twice", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (torch, cuda) => {
        const near = nearestBuilds(torch, cuda).map(title);
        expect(near.length).toBeGreaterThan(0);
        expect(new Set(near).size).toBe(near.length);
      }),
    );
  });
});
