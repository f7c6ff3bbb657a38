import { describe, expect, it } from "vitest";
import { lastLines, packagesWithCandidate } from "../../cli/bootstrap/apt";
import { briefReason, hubAnswered, recipeHash } from "../../cli/bootstrap/base";
import { parseOsRelease } from "../../cli/bootstrap/distribution";
import {
  deviceSentence,
  parseGpuCheck,
  trainingLine,
  type FirstRun,
} from "../../cli/bootstrap/firstRun";
import { bootstrapBaseImage, bootstrapSuite } from "../../components/catalog/baseImage";

describe("parseOsRelease", () => {
  it.each([
    [
      'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n',
      "Debian GNU/Linux 12 (bookworm)",
      true,
    ],
    ['NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian', "Ubuntu", true],
    ["PRETTY_NAME='Linux Mint 22'\nID=linuxmint\nID_LIKE=\"ubuntu debian\"", "Linux Mint 22", true],
    ['ID="fedora"\nPRETTY_NAME="Fedora Linux 44"', "Fedora Linux 44", false],
    ["", "this system", false],
  ])("reads %j", (text, title, apt) => {
    expect(parseOsRelease(text)).toEqual({ title, apt });
  });
});

describe("packagesWithCandidate", () => {
  it("keeps those that the archives offer", () => {
    const policy = `docker.io:
  Installed: (none)
  Candidate: 20.10.24+dfsg1-1
  Version table:
     20.10.24+dfsg1-1 500
docker-buildx:
  Installed: (none)
  Candidate: (none)
  Version table:
iptables:
  Installed: 1.8.9-2
  Candidate: 1.8.9-2
`;
    expect([...packagesWithCandidate(policy)]).toEqual(["docker.io", "iptables"]);
  });
});

describe("lastLines", () => {
  it("leaves out what is empty", () => {
    expect(lastLines("one\n\ntwo\nthree\n\n", 2)).toBe("two\n  three");
  });
});

describe("the image hub", () => {
  it.each([
    ["22.04: Pulling from library/ubuntu", true],
    ["7e49dc6156b0: Pulling fs layer", true],
    ["7e49dc6156b0: Pull complete", true],
    ["Digest: sha256:1ec65b2719518e27d4d25f104d93f9fac60dc437f81452302406825c46fcc9cb", true],
    ["Using default tag: latest", false],
    ['Error response from daemon: Get "https://hub/v2/": dial tcp: i/o timeout', false],
  ])("has answered with %j: %s", (line, answered) => {
    expect(hubAnswered(line)).toBe(answered);
  });

  it("is refused in a few words", () => {
    const error =
      'Error response from daemon: Get "https://hub/v2/": dial tcp: lookup hub on 10.0.0.1:53: no such host\n';
    expect(briefReason(error)).toBe("no such host");
  });
});

describe("a bootstrapped base", () => {
  it("is named by its suite alone", () => {
    expect(bootstrapBaseImage("bookworm")).toBe("gpudev/base:bookworm");
    expect(bootstrapSuite("bootstrap:bookworm")).toBe("bookworm");
    expect(bootstrapSuite("ubuntu:22.04")).toBeUndefined();
  });
  it("is another one with another recipe or suite", () => {
    const hashes = [
      recipeHash("a", "bookworm"),
      recipeHash("b", "bookworm"),
      recipeHash("a", "trixie"),
    ];
    expect(new Set(hashes).size).toBe(3);
    expect(recipeHash("a", "bookworm")).toBe(hashes[0]);
  });
});

describe("the first run", () => {
  const check = {
    driver: "580.173.02",
    torch: {
      version: "2.6.0+cu124",
      cuda: "12.4",
      cudnn: "9.1.0",
      nccl: "2.21.5",
      archs: ["sm_86"],
    },
    gpus: [{ index: 0, name: "NVIDIA L4", capability: "8.9", memoryMiB: 23034, fits: true }],
    fits: true,
    problems: [],
  };
  it("reads gpu-check's answer, whatever a library printed before it", () => {
    expect(parseGpuCheck(`warning: slow\n${JSON.stringify(check)}`)).toEqual(check);
  });
  it.each(["", "Traceback", "{", "{}"])("makes nothing of %j", (text) => {
    expect(parseGpuCheck(text)).toBeUndefined();
  });
  it.each<[Pick<FirstRun, "gpus" | "fits">, string]>([
    [
      { gpus: [], fits: true },
      "PyTorch 2.6.0: no NVIDIA GPU here, the same image runs on the CPU.",
    ],
    [{ gpus: ["NVIDIA L4"], fits: true }, "PyTorch 2.6.0 on NVIDIA L4: the build fits."],
    [
      { gpus: ["NVIDIA B200", "NVIDIA B200"], fits: false },
      "PyTorch 2.6.0 on NVIDIA B200, NVIDIA B200: the build does not fit.",
    ],
  ])("says of %j: %s", (seen, sentence) => {
    expect(deviceSentence({ ...seen, torch: "PyTorch 2.6.0", problems: [] })).toBe(sentence);
  });

  it.each([
    [
      "digits on cpu x 1, from step 0\nstep 1: loss 2.3026, checkpoint written\ndone: 1 steps\n",
      "step 1: loss 2.3026",
    ],
    ["something else\n", "something else"],
  ])("takes of %j: %s", (output, line) => {
    expect(trainingLine(output)).toBe(line);
  });
});
