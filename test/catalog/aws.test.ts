import { describe, expect, it } from "vitest";
import {
  AMIS,
  compareVersions,
  findInstanceType,
  GPU_MODELS,
  INSTANCE_TYPES,
  migProfilesOf,
  PRICES,
  quotaFamilyOf,
  quotaOf,
} from "../../components/catalog";
import { MIG_PROFILES } from "../../components/catalog/migProfiles";

const DATE = /^20\d\d-\d\d-\d\d$/;

describe("instance types", () => {
  it.each([
    ["g4dn.xlarge", "T4", 1, 4, 16, 0.526],
    ["g5.12xlarge", "A10G", 4, 48, 192, 5.672],
    ["g6.xlarge", "L4", 1, 4, 16, 0.8048],
    ["g6.12xlarge", "L4", 4, 48, 192, 4.602],
    ["g6e.xlarge", "L40S", 1, 4, 32, 1.861],
    ["g6f.2xlarge", "L4", 0.25, 8, 32, 0.475],
    ["g7e.48xlarge", "RTX PRO 6000 Blackwell", 8, 192, 2048, 33.14],
    ["p3dn.24xlarge", "V100 32GB", 8, 96, 768, 31.21],
    ["p4d.24xlarge", "A100 40GB", 8, 96, 1152, 21.96],
    ["p5.4xlarge", "H100", 1, 16, 256, 6.88],
    ["p5e.48xlarge", "H200", 8, 192, 2048, undefined],
    ["p6-b200.48xlarge", "B200", 8, 192, 2048, 113.9],
  ])("%s: %s × %d, %d vCPUs, %d GiB, %d USD an hour", (type, gpuModel, gpus, vcpus, gib, usd) => {
    expect(findInstanceType(type)).toMatchObject({ gpuModel, gpus, vcpus, memoryGiB: gib });
    expect(findInstanceType(type)?.usdPerHour).toBe(usd);
  });

  it("are each there once, with a GPU of the GPU table, a date and a source", () => {
    const names = INSTANCE_TYPES.map(({ type }) => type);
    expect(new Set(names).size).toBe(names.length);
    for (const row of INSTANCE_TYPES) {
      expect(GPU_MODELS.map(({ model }) => model)).toContain(row.gpuModel);
      expect(row.type.startsWith(`${row.family}.`)).toBe(true);
      expect(row.asOf).toMatch(DATE);
      expect(row.source).not.toBe("");
      expect(row.usdPerHour ?? 1).toBeGreaterThan(0);
      for (const figure of [row.gpus, row.vcpus, row.memoryGiB, row.networkGbps]) {
        expect(figure).toBeGreaterThan(0);
      }
    }
  });

  it("cost no less when they are larger of one family", () => {
    for (const a of INSTANCE_TYPES) {
      for (const b of INSTANCE_TYPES.filter(({ family }) => family === a.family)) {
        if (a.gpus < b.gpus && a.vcpus < b.vcpus) {
          expect(a.usdPerHour ?? 0).toBeLessThan(b.usdPerHour ?? Number.POSITIVE_INFINITY);
        }
      }
    }
  });

  it("have NVSwitch where they hold several of the large GPUs", () => {
    const joined = INSTANCE_TYPES.filter(({ nvswitch }) => nvswitch).map(({ type }) => type);
    expect(joined).toEqual([
      "p4d.24xlarge",
      "p4de.24xlarge",
      "p5.48xlarge",
      "p5e.48xlarge",
      "p5en.48xlarge",
      "p6-b200.48xlarge",
      "p6-b300.48xlarge",
    ]);
  });

  it("are arm64 only as g5g, and fractions only as g6f and gr6f", () => {
    const families = (some: typeof INSTANCE_TYPES) => [...new Set(some.map((row) => row.family))];
    expect(families(INSTANCE_TYPES.filter(({ arch }) => arch === "arm64"))).toEqual(["g5g"]);
    expect(families(INSTANCE_TYPES.filter(({ gpus }) => gpus < 1))).toEqual(["g6f", "gr6f"]);
  });

  it("of another cloud are not there", () => {
    expect(findInstanceType("n1-standard-4")).toBeUndefined();
  });
});

describe("quotas", () => {
  it.each([
    ["g4dn.xlarge", "on-demand", "L-DB2E81BA"],
    ["gr6.4xlarge", "on-demand", "L-DB2E81BA"],
    ["g7e.2xlarge", "spot", "L-3819A6DF"],
    ["p4d.24xlarge", "on-demand", "L-417A185B"],
    ["p6-b200.48xlarge", "on-demand", "L-417A185B"],
    ["p3.2xlarge", "spot", "L-7212CCBC"],
    ["p5en.48xlarge", "spot", "L-C4BD4855"],
  ] as const)("of %s %s is %s", (type, market, code) => {
    const row = findInstanceType(type);
    expect(row && quotaOf(row, market).code).toBe(code);
  });

  it("of p6 spot is one project's word", () => {
    const row = findInstanceType("p6-b300.48xlarge");
    expect(row && quotaOf(row, "spot")).toMatchObject({ code: "L-C4BD4855", verified: false });
  });

  it.each([
    ["vt1.3xlarge", "G"],
    ["g4ad.xlarge", "G"],
    ["gr6f.4xlarge", "G"],
    ["p2.xlarge", "P"],
    ["p6e-gb200.36xlarge", "P"],
    ["m7i.large", undefined],
    ["c7g.large", undefined],
  ])("count %s as %s", (type, family) => {
    expect(quotaFamilyOf(type)).toBe(family);
  });
});

describe("MIG profiles", () => {
  it("cut a GPU into no more than it has", () => {
    for (const { gpuModel, profile, slices, memoryGB } of MIG_PROFILES) {
      const gpu = GPU_MODELS.find(({ model }) => model === gpuModel);
      expect(gpu?.mig, gpuModel).toBe(true);
      // Names round memory to whole gigabytes.
      expect(slices * (memoryGB - 1), `${gpuModel} ${profile}`).toBeLessThanOrEqual(
        (gpu?.memoryGiB ?? 0) * 1.05,
      );
      const computes = Number(profile[0]);
      expect(computes * slices).toBeLessThanOrEqual(7);
    }
  });

  it("are none for a GPU without MIG, and some for every other one on EC2", () => {
    expect(migProfilesOf("L4")).toEqual([]);
    const mig = GPU_MODELS.filter(({ mig: has }) => has).map(({ model }) => model);
    for (const { gpuModel } of INSTANCE_TYPES.filter((row) => mig.includes(row.gpuModel))) {
      expect(migProfilesOf(gpuModel).length).toBeGreaterThan(0);
    }
  });
});

describe("AMIs", () => {
  it("are named by public parameters, with a driver of branch 580 or newer", () => {
    for (const { parameter, driver, asOf } of Object.values(AMIS)) {
      expect(parameter).toMatch(/^\/aws\/service\/.*\/ami-id$/);
      expect(compareVersions(driver, "580")).toBeGreaterThanOrEqual(0);
      expect(asOf).toMatch(DATE);
    }
    expect(Math.floor(Number.parseFloat(AMIS.ubuntu.driver))).toBe(580);
  });
});

describe("prices", () => {
  it("each have a date, a source and a unit", () => {
    for (const { usd, per, asOf, source } of Object.values(PRICES)) {
      expect(usd).toBeGreaterThan(0);
      expect(["hour", "GiB-month"]).toContain(per);
      expect(asOf).toMatch(DATE);
      expect(source).not.toBe("");
    }
  });
});
