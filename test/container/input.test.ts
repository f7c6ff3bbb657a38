import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { docker } from "../support/docker";
import { Project } from "../support/gpudev";
import { makeKey, type KeyPair } from "../support/ssh";

let project: Project;
let good: KeyPair;
let weak: KeyPair;

/** As far as these tests look at it. */
interface Refusal {
  readonly findings: readonly {
    readonly severity: string;
    readonly path: string;
    readonly message: string;
    readonly mend: string;
  }[];
}

beforeAll(async () => {
  project = await Project.create("e2e-input", 8);
  good = await makeKey(project.folder, "good");
  weak = await makeKey(project.folder, "weak", "rsa-1024");
  const bin = path.join(project.folder, "bin");
  fs.mkdirSync(bin);
  // A machine's GPU as its driver's own tool tells of it, for a machine that has none.
  fs.writeFileSync(
    path.join(bin, "nvidia-smi"),
    [
      "#!/bin/sh",
      'row="0, GPU-11111111-2222-3333-4444-555555555555, NVIDIA B200, 183359, $TEST_DRIVER, Disabled"',
      'case "$*" in',
      '*compute_cap*) echo "$row, 10.0" ;;',
      '*query-gpu*) echo "$row" ;;',
      '*) echo "GPU 0: NVIDIA B200 (UUID: GPU-11111111-2222-3333-4444-555555555555)" ;;',
      "esac",
      "",
    ].join("\n"),
    { mode: 0o755 },
  );
});

afterAll(() => project.cleanUp());

/** What is on the daemon, whoever made it for this stack, and in the stack's folder. */
async function world(): Promise<unknown> {
  const named = `name=gpudev-${project.stack}-`;
  return {
    containers: await docker("ps", "-aq", "--filter", named),
    networks: await docker("network", "ls", "-q", "--filter", named),
    volumes: await docker("volume", "ls", "-q", "--filter", named),
    file: project.read(),
    stacks: fs.readdirSync(path.dirname(project.stackFile)),
    backend: fs.existsSync(path.join(project.stateDir, "backend")),
  };
}

/** Runs `up` on a bad stack file; returns its errors as [path, message, mend], and holds that nothing was done. */
async function refused(config: Record<string, unknown>): Promise<string[][]> {
  project.write(config);
  const before = await world();
  const result = await project.gpudev("up", "--yes", "--json");
  expect(result.code, result.stdout + result.stderr).toBe(2);
  expect(await world()).toEqual(before);
  return (JSON.parse(result.stdout) as Refusal).findings
    .filter(({ severity }) => severity === "error")
    .map((finding) => [finding.path, finding.message, finding.mend]);
}

describe("a stack file with many mistakes", () => {
  it("gets them all said at once, each with its path and its mend", async () => {
    const errors = await refused({
      users: [
        { name: "alice", sshKeys: [weak.publicKey] },
        { name: "alice", sshKeys: [good.publicKey] },
        { name: "Bob Smith", sshKeys: [good.publicKey] },
        { name: "carol", sshKeys: [good.publicKey.slice(0, 50)], gpus: 16 },
        { name: "dave", sshKeyz: [good.publicKey] },
      ],
      image: { torch: "2.6.0", cuda: "12.1", python: "3.14" },
      limits: { memory: "9000GiB" },
      bind: { address: "0.0.0.0" },
      prots: { jupyter: 9000 },
    });
    const expected: [string, RegExp, RegExp][] = [
      ["gpudev:prots", /no setting `prots`/, /Did you mean `gpudev:ports`\?/],
      ["gpudev:users[0].sshKeys[0]", /RSA key of 1024 bits; 3072 is the least/, /ssh-keygen/],
      ["gpudev:users[1].name", /two users with the name `alice`.*users\[0\]/, /another name/],
      ["gpudev:users[2].name", /"Bob Smith" is no Linux user name/, /small letter/],
      ["gpudev:users[3].sshKeys[0]", /carol: This SSH key is cut off/, /whole line/],
      ["gpudev:users[4].sshKeyz", /no setting `sshKeyz`/, /`gpudev:users\[4\].sshKeys`/],
      ["gpudev:bind.address", /0\.0\.0\.0 lets others on the network/, /exposeToNetwork: true/],
      ["gpudev:bind.tls", /unencrypted/, /certificate/],
      ["gpudev:users[3].gpus", /16 GPUs are asked for and this machine has/, /gpus: none|share/],
      [
        "gpudev:image.cuda",
        /no official PyTorch 2\.6\.0 for CUDA 12\.1/,
        /nearest first: torch 2\.6\.0 with CUDA 12\.4; torch 2\.6\.0 with CUDA 12\.6/,
      ],
      ["gpudev:image.python", /brings Python 3\.10, not 3\.14/, /Leave image\.python out/],
      ["gpudev:limits.memory", /9000 GiB are more than/, /Write \d+GiB or less/],
    ];
    expect(errors.map(([place]) => place).sort()).toEqual(expected.map(([place]) => place).sort());
    for (const [place, message, mend] of expected) {
      const found = errors.find(([where]) => where === place);
      expect(found).toEqual([place, expect.stringMatching(message), expect.stringMatching(mend)]);
    }
  });

  it("says the same to a person, without a stack trace", async () => {
    const result = await project.gpudev("up", "--yes");
    expect(result.code).toBe(2);
    expect(result.stderr).toContain("12 errors:\n");
    expect(result.stderr).toContain(
      "  gpudev:prots\n    There is no setting `prots` here.\n    → Did you mean `gpudev:ports`?\n",
    );
    expect(result.stderr).toMatch(/✗ Nothing was created or changed\.\n$/);
    expect(result.stderr).not.toMatch(/^\s+at /m);
  });
});

describe("a roster with bad rows", () => {
  it("has each row named", async () => {
    fs.writeFileSync(
      path.join(path.dirname(project.stackFile), "team.csv"),
      [
        "name,sshKeys,gpus",
        `alice,${good.publicKey},none`,
        `9lives,${good.publicKey},none`,
        "alice,ssh-ed25519 AAAA,two",
        "a,b,c,d,e",
        "",
      ].join("\n"),
    );
    const errors = await refused({ users: "team.csv" });
    expect(errors.map(([place]) => place).sort()).toEqual([
      "gpudev:users[team.csv:3].name",
      "gpudev:users[team.csv:4].gpus",
      "gpudev:users[team.csv:4].name",
      "gpudev:users[team.csv:4].sshKeys[0]",
      "gpudev:users[team.csv:5]",
    ]);
  });
});

describe("a GPU that does not go with the image", () => {
  /** The errors on a machine with one B200 and this driver. */
  async function onBlackwell(driver: string, image: Record<string, unknown>): Promise<string[][]> {
    const { PATH } = project.env;
    project.env.PATH = `${path.join(project.folder, "bin")}:${PATH}`;
    project.env.TEST_DRIVER = driver;
    try {
      return await refused({
        users: [{ name: "alice", sshKeys: [good.publicKey], gpus: 1 }],
        image: { base: "bootstrap:bookworm", ...image },
      });
    } finally {
      project.env.PATH = PATH;
      delete project.env.TEST_DRIVER;
    }
  }

  it("is refused where the build has no code for it", async () => {
    const errors = await onBlackwell("580.65.06", { torch: "2.6.0" });
    expect(errors.find(([place]) => place === "gpudev:image.torch")).toEqual([
      "gpudev:image.torch",
      expect.stringMatching(/NVIDIA B200.*compute capability 10\.0.*torch 2\.6\.0/),
      expect.stringMatching(/torch 2\.7\.0 with CUDA 12\.8/),
    ]);
  });

  it("is refused where its driver is below the build's floor", async () => {
    const errors = await onBlackwell("470.82.01", { torch: "2.6.0" });
    expect(errors).toContainEqual([
      expect.stringMatching(/^gpudev:image/),
      expect.stringMatching(/470\.82\.01/),
      expect.stringMatching(/driver/i),
    ]);
  });
});

describe("what the machine does not have", () => {
  it("says who holds a port", async () => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(project.ports.ssh, "127.0.0.1", resolve));
    try {
      const errors = await refused({ users: [{ name: "alice", sshKeys: [good.publicKey] }] });
      expect(errors).toEqual([
        [
          "gpudev:ports.ssh",
          expect.stringMatching(
            new RegExp(`Port ${project.ports.ssh}, alice's ssh port, is held by`),
          ),
          expect.stringMatching(/range that is free/),
        ],
      ]);
    } finally {
      server.close();
    }
  });

  it("says plainly that there is no daemon, and loses nothing", async () => {
    project.write({ users: [{ name: "alice", sshKeys: [good.publicKey] }] });
    const before = await world();
    project.env.DOCKER_HOST = `unix://${path.join(project.folder, "nobody.sock")}`;
    try {
      const result = await project.gpudev("up", "--yes");
      expect([2, 3]).toContain(result.code);
      expect(result.stderr).toContain("nobody.sock");
      expect(result.stderr).toContain("→");
      expect(result.stderr).not.toMatch(/^\s+at /m);
    } finally {
      delete project.env.DOCKER_HOST;
    }
    expect(await world()).toEqual(before);
  });
});
