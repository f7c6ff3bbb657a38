import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const ROOT = path.resolve(__dirname, "..", "..");
const STACK = "config:\n  gpudev:target: workstation\n  gpudev:users:\n    - name: alice\n";

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-test-"));
  fs.mkdirSync(path.join(folder, "stacks"));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

const stackFile = (stack: string) => path.join(folder, "stacks", `Pulumi.${stack}.yaml`);

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real command from its sources, on a machine without any other program on PATH. */
function gpudev(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--import", "tsx", path.join(ROOT, "cli", "main.ts"), ...args, "--cwd", folder],
      {
        cwd: ROOT,
        env: {
          PATH: folder,
          HOME: folder,
          NO_COLOR: "1",
          GPUDEV_STATE_DIR: path.join(folder, "state"),
          GPUDEV_CACHE_DIR: path.join(folder, "cache"),
        },
      },
      (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

describe("what bad input gets", () => {
  it.each<[string, string | undefined, string[], string]>([
    [
      "a stack that is not there",
      STACK,
      ["up", "--stack", "vision"],
      "✗ There is no stack file STACKS/Pulumi.vision.yaml.\n  → Name one that is there by --stack: x. Or run `gpudev up --bootstrap`, which makes `local`.\n",
    ],
    [
      "no stack at all",
      undefined,
      ["preview"],
      "✗ There is no stack file STACKS/Pulumi.local.yaml.\n  → Write one, or run `gpudev up --bootstrap`, which makes one for you on this machine.\n",
    ],
    [
      "an impossible stack name",
      STACK,
      ["status", "--stack", "../x"],
      "✗ `../x` is no stack name.\n  → Begin with a letter or digit, then letters, digits, -, _ and dots.\n",
    ],
    [
      "--bootstrap of another stack",
      STACK,
      ["up", "--bootstrap", "--stack", "x"],
      "✗ --bootstrap makes the stack `local`, not `x`.\n  → Leave --stack out, or leave --bootstrap out.\n",
    ],
    [
      "an unknown user",
      STACK,
      ["open", "bob"],
      "✗ Stack x has no user `bob`.\n  → Its users: alice.\n",
    ],
    [
      "a home that nobody left",
      STACK,
      ["forget", "bob", "--yes"],
      "✗ Stack x has no home of `bob`.\n  → Homes of users who have left: none.\n",
    ],
    [
      "the home of somebody who is still there",
      STACK,
      ["forget", "alice", "--yes"],
      "✗ alice is a user of stack x: the home is in use.\n  → Take alice out first: `gpudev remove alice`, then `gpudev up`.\n",
    ],
    [
      "a name that is taken",
      STACK,
      ["add", "alice"],
      "1 error:\n  gpudev:users\n    There is a user `alice` already.\n    → Give the new one another name.\n\n✗ Nothing was created or changed.\n",
    ],
    [
      "an unknown command",
      STACK,
      ["frobnicate"],
      "error: unknown command 'frobnicate'\n(gpudev --help lists the commands)\n",
    ],
  ])("%s", async (_, text, args, stderr) => {
    if (text !== undefined) fs.writeFileSync(stackFile("x"), text);
    const ended = await gpudev(...args);
    expect(ended).toEqual({
      code: 2,
      stdout: "",
      stderr: stderr.replace("STACKS", path.join(folder, "stacks")),
    });
    expect(
      fs.existsSync(stackFile("x")) ? fs.readFileSync(stackFile("x"), "utf8") : undefined,
    ).toBe(text);
  });

  it("every problem at once, with its path, before anything is made", async () => {
    const text = `${STACK}      gpus: 2\n  gpudev:image: {torch: "2.6.0", cuda: "12.1"}\n  gpudev:limts: {memory: 4GiB}\n  gpudev:bind: {address: 0.0.0.0}\n`;
    fs.writeFileSync(stackFile("x"), text);
    const { code, stdout, stderr } = await gpudev("up");
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain("  gpudev:limts\n");
    expect(stderr).toContain("    → Did you mean `gpudev:limits`?\n");
    expect(stderr).toContain("  gpudev:image.cuda\n");
    expect(stderr).toContain("  gpudev:users[0].gpus\n");
    expect(stderr).toContain("  gpudev:bind.address\n");
    expect(stderr).toContain("  gpudev:docker.host\n");
    expect(stderr).toMatch(/✗ Nothing was created or changed\.\n$/);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(fs.readFileSync(stackFile("x"), "utf8")).toBe(text);
  });

  it("the same as one JSON document, and nothing else", async () => {
    fs.writeFileSync(stackFile("x"), "config: [\n");
    const { code, stdout, stderr } = await gpudev("status", "--json");
    expect([code, stderr]).toEqual([2, ""]);
    expect(JSON.parse(stdout)).toMatchObject({
      command: "status",
      ok: false,
      exitCode: 2,
      findings: [{ code: "broken-yaml", severity: "error" }],
    });
  });
});

describe("a machine without Docker", () => {
  it("is not ready: the plan is shown, and what to do", async () => {
    fs.writeFileSync(stackFile("x"), "config:\n  gpudev:target: workstation\n  gpudev:users: []\n");
    const { code, stdout, stderr } = await gpudev("preview");
    expect(code).toBe(3);
    expect(stdout).toContain("Stack x (team x)");
    expect(stderr).toContain("There is no docker command on this machine");
    expect(stderr).toContain("→ Start Docker");
  });
});

describe("changing users", () => {
  it("keeps the file's comments and needs neither Docker nor an engine", async () => {
    fs.writeFileSync(stackFile("x"), `# our team\n${STACK}`);
    const added = await gpudev("add", "bob", "--gpus", "none");
    expect(added.code, added.stderr).toBe(0);
    expect(added.stdout).toBe(
      `bob is in ${stackFile("x")}. \`gpudev up\` makes the environment.\n`,
    );
    expect((await gpudev("remove", "alice")).code).toBe(0);
    expect(fs.readFileSync(stackFile("x"), "utf8")).toBe(
      "# our team\nconfig:\n  gpudev:target: workstation\n  gpudev:users:\n    - { name: bob, sshKeys: [], gpus: none }\n",
    );
  });

  it("writes into the roster where the users are there", async () => {
    const roster = path.join(folder, "stacks", "team.csv");
    fs.writeFileSync(roster, "name,sshKeys\nalice,\n");
    fs.writeFileSync(
      stackFile("x"),
      "config:\n  gpudev:target: workstation\n  gpudev:users: team.csv\n",
    );
    const added = await gpudev("add", "bob");
    expect(added.code, added.stderr).toBe(0);
    expect(fs.readFileSync(roster, "utf8")).toBe("name,sshKeys\nalice,\nbob,\n");
    expect((await gpudev("remove", "carol")).code).toBe(2);
    expect((await gpudev("remove", "alice")).code).toBe(0);
    expect(fs.readFileSync(roster, "utf8")).toBe("name,sshKeys\nbob,\n");
  });
});
