import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AwsScene } from "../support/awsScene";
import { eventually, must } from "../support/processes";

/** Both people's environments, as a verdict has them. */
const states = (ada: string, bob: string) => ({
  ada: { state: ada, reason: "" },
  bob: { state: bob, reason: "" },
});

let scene: AwsScene;
let instance: string;

beforeAll(async () => {
  scene = await AwsScene.open();
  instance = await scene.launch();
  await scene.publish("ada", "token", "t".repeat(32));
  await scene.publish("ada", "host-key", `ssh-ed25519 ${"A".repeat(68)}`);
});
afterAll(() => scene.close());
beforeEach(() => {
  scene.front.onCommand = () => ({ status: "Success", output: "" });
});

/** A document of `--json`. */
interface Document {
  readonly ok: boolean;
  readonly exitCode: number;
  readonly error?: { readonly message: string; readonly mend?: string };
  readonly [key: string]: unknown;
}

async function ask(key: string | undefined, ...args: string[]): Promise<Document> {
  const { stdout, stderr } = await scene.project.gpudev(key, ...args, "--json");
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as Document;
}

// What is not shown: EC2's own refusal for want of capacity, which moto never says, and how long a real host boots.
describe("waking and ending environments on AWS, with moto and a strict stand-in for SSM", () => {
  it("starts a stopped host, and waits for what it says in its new boot", async () => {
    await scene.say({ boot: "first", environments: states("stopped", "stopped") });
    await scene.powerOff(instance);
    const running = scene.project.start("engineer", "start", "ada", "--json");
    await eventually("EC2 starts it", async () => (await scene.stateOf(instance)) === "running");
    // The old verdict is no answer, however often it is sent.
    await scene.say({ boot: "first", environments: states("healthy", "healthy") });
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(running.child.exitCode).toBeNull();
    scene.connect(instance, true);
    const words = ["host-0 is ready: ada, bob can log in."];
    await scene.say({ boot: "second", environments: states("healthy", "healthy"), words });
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ host: "host-0", user: "ada", started: true, words });
  });

  it("starts one environment on a host that runs, and nobody else's", async () => {
    await scene.say({ boot: "second", environments: states("stopped", "healthy") });
    const heard: unknown[] = [];
    scene.front.onCommand = (parameters) => {
      heard.push(parameters);
      return { status: "Success", output: "host-0 is ready: ada, bob can log in.\n" };
    };
    const report = await ask("engineer", "start", "ada");
    expect(heard).toEqual([{ action: "start", user: "ada" }]);
    expect(report).toMatchObject({
      ok: true,
      started: false,
      words: ["host-0 is ready: ada, bob can log in."],
    });
  });

  it("says in the host's words what did not come about", async () => {
    scene.front.onCommand = () => ({
      status: "Failed",
      output: "ada: gpudev-ada.service is failed: no space left",
    });
    const { exitCode, error } = await ask("engineer", "start", "ada");
    expect(exitCode).toBe(1);
    expect(error?.message).toContain("gpudev-ada.service is failed: no space left");
  });

  it("ends one environment, and says when the machine goes with it", async () => {
    const heard: unknown[] = [];
    scene.front.onCommand = (parameters) => {
      heard.push(parameters);
      return { status: "Success", output: "stopped: ada\n" };
    };
    await scene.say({ boot: "second", environments: states("stopped", "healthy") });
    expect(await ask("engineer", "stop", "ada")).toMatchObject({ hostStops: false });
    await scene.say({ boot: "second", environments: states("stopped", "stopped") });
    const last = await ask("engineer", "stop", "ada");
    expect(last).toMatchObject({ ok: true, hostStops: true });
    expect(last["words"]).toContainEqual(expect.stringContaining("powers itself off"));
    expect(heard).toEqual(Array(2).fill({ action: "stop", user: "ada" }));
    expect(await scene.stateOf(instance)).toBe("running");
  });

  it("shows hosts, environments, the last decision with its reason, and the price now", async () => {
    await scene.say({
      boot: "second",
      environments: states("stopped", "healthy"),
      words: ["host-0 is ready: bob can log in; stopped: ada (idle for 50 min)."],
      idle: {
        at: "2026-11-20T10:00:00Z",
        host: { action: "none", kind: "in use", reason: "in use by bob" },
        environments: { ada: { action: "stop", kind: "idle", reason: "idle for 50 min" } },
      },
    });
    const report = await ask("engineer", "status");
    expect(report).toMatchObject({
      ok: true,
      unasked: [],
      hosts: [
        {
          host: "host-0",
          type: "g6.12xlarge",
          state: "running",
          ready: true,
          words: ["host-0 is ready: bob can log in; stopped: ada (idle for 50 min)."],
        },
      ],
      environments: [
        { user: "ada", host: "host-0", state: "stopped", decision: "stop: idle for 50 min" },
        { user: "bob", host: "host-0", state: "healthy" },
      ],
    });
    const { perHour, perHourNow } = report["cost"] as { perHour: number; perHourNow: number };
    expect(perHourNow).toBe(perHour);
  });

  it("stops a whole host, which then costs what a stopped one costs", async () => {
    const report = await ask("engineer", "stop", "host-0", "--host");
    expect(report).toMatchObject({ ok: true, host: "host-0", hostStops: true });
    expect(await scene.stateOf(instance)).toBe("stopped");
    scene.connect(instance, false);
    const now = await ask("engineer", "status");
    expect(now).toMatchObject({
      hosts: [{ state: "stopped", words: [] }],
      environments: [{ state: "stopped" }, { state: "stopped" }],
    });
    const cost = now["cost"] as Record<string, number>;
    expect(cost["perHourNow"]).toBe(cost["perHourStopped"]);
    expect(await ask("engineer", "stop", "ada")).toMatchObject({
      words: ["host-0 is stopped already."],
    });
  });

  it("says of a host whose Spot capacity AWS has taken back that only EC2 starts it", async () => {
    scene.front.spot.status.set(instance, "instance-stopped-no-capacity");
    const { exitCode, error } = await ask("engineer", "start", "ada");
    expect(exitCode).toBe(1);
    expect(error?.message).toContain("taken back the Spot capacity of host-0");
    expect(error?.mend).toContain("market: on-demand");
    expect(scene.front.spot.refusals).toBe(1);
    expect(await scene.stateOf(instance)).toBe("stopped");
  });

  it("waits for a Spot request that has not followed a stop yet", async () => {
    scene.front.spot.status.set(instance, "marked-for-stop");
    const { refusals } = scene.front.spot;
    const running = scene.project.start("engineer", "start", "ada", "--json");
    await eventually("EC2 refuses", () => Promise.resolve(scene.front.spot.refusals > refusals));
    expect(running.child.exitCode).toBeNull();
    scene.front.spot.status.clear();
    await eventually("EC2 starts it", async () => (await scene.stateOf(instance)) === "running");
    await scene.say({ boot: "third", environments: states("healthy", "healthy") });
    scene.connect(instance, true);
    const { code, stdout } = await running.ended;
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { started: true }]);
    await scene.powerOff(instance);
  });

  it("does without EC2 where that is denied, and says what it could not ask", async () => {
    const report = await ask("ada", "status");
    expect(report).toMatchObject({
      ok: true,
      hosts: [{ host: "host-0", state: "unknown" }],
      environments: [{ state: "unknown" }, { state: "unknown" }],
    });
    expect(report["unasked"]).toEqual([
      expect.stringMatching(/not allowed: UnauthorizedOperation/),
    ]);
    const { exitCode, error } = await ask("ada", "start", "ada");
    expect([exitCode, error?.message]).toEqual([1, expect.stringMatching(/not allowed/)]);
  });

  it("refuses what cannot be", async () => {
    for (const [args, words] of [
      [["start", "eve"], "has no user `eve`"],
      [["stop", "host-7", "--host"], "has no host `host-7`"],
    ] as const) {
      const { exitCode, error } = await ask("engineer", ...args);
      expect([exitCode, error?.message]).toEqual([2, expect.stringContaining(words)]);
    }
    const config = { ...scene.config(), lifetime: { until: "2020-01-01T00:00:00+00:00" } };
    scene.project.write(config);
    const { exitCode, error } = await ask("engineer", "start", "ada");
    expect([exitCode, error?.message]).toEqual([2, expect.stringContaining("is past")]);
    scene.project.write(scene.config());
  });
});

describe("direct access without a domain", () => {
  it("goes to the host's own address, by its own CA, and needs neither session nor tool", async () => {
    const root = path.join(scene.project.folder, "root.crt");
    const subject = ["-subj", "/CN=host-0", "-days", "2"];
    const keys = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const out = ["-keyout", path.join(scene.project.folder, "root.key"), "-out", root];
    await must("openssl", ["req", "-x509", ...keys, ...subject, ...out]);
    const printed = await must("openssl", [
      ...["x509", "-in", root, "-noout", "-fingerprint", "-sha256"],
    ]);
    await scene.publish("ada", "address", "203.0.113.7");
    await scene.publish("ada", "ca", fs.readFileSync(root, "utf8"));
    const before = scene.config();
    const aws = before["aws"] as Record<string, unknown>;
    scene.project.write({
      ...before,
      aws: { ...aws, access: { directFrom: ["198.51.100.0/24"] } },
    });
    const empty = path.join(scene.project.folder, "empty");
    fs.mkdirSync(empty);
    const env = scene.project.env("ada", { PATH: empty });
    const { stdout } = await scene.project.gpudevIn(env, "open", "ada", "--json");
    const { link, ca, tunnel } = JSON.parse(stdout) as {
      link: string;
      ca: { file: string; sha256: string };
      tunnel?: string;
    };
    expect(link).toBe(`https://203.0.113.7:10443/lab?token=${"t".repeat(32)}`);
    expect(tunnel).toBeUndefined();
    expect(printed.trim().endsWith(`=${ca.sha256}`)).toBe(true);
    expect(fs.readFileSync(ca.file, "utf8")).toBe(fs.readFileSync(root, "utf8"));
    const config = await scene.project.gpudevIn(env, "ssh-config", "ada");
    expect(config.stdout).toContain("  HostName 203.0.113.7\n  Port 2222\n");
    expect(config.stdout).not.toContain("ProxyCommand");
    scene.project.write(before);
  });
});

describe("a way in that is closed", () => {
  const blocked = async (key: string | undefined, ...args: string[]) => {
    const { code, stderr } = await scene.project.gpudev(key, ...args);
    return { code, stderr };
  };

  it("is told by open, ssh and keep-awake alike where the host is stopped", async () => {
    expect(await scene.stateOf(instance)).toBe("stopped");
    for (const args of [
      ["open", "ada"],
      ["ssh", "ada", "--", "true"],
      ["keep-awake", "ada", "--for", "4h"],
    ]) {
      const { code, stderr } = await blocked("ada", ...args);
      expect([args[0], code]).toEqual([args[0], 1]);
      expect(stderr).toContain("The host of ada is stopped, or still starting.");
      expect(stderr).toContain("gpudev start ada");
    }
  });

  it("is told where the environment is another's, and the token stays unread", async () => {
    for (const command of ["open", "ssh"]) {
      const { code, stderr } = await blocked("bob", command, "ada");
      expect([command, code]).toEqual([command, 1]);
      expect(stderr).toMatch(/Reading \/gpudev\/7f3k2m\/host-0\/ada\/[a-z-]+ is not allowed/);
      expect(stderr).toContain("`policies` among the stack's outputs");
      expect(stderr).not.toContain("t".repeat(32));
    }
  });

  it("is told where the environment has never been ready", async () => {
    const { code, stderr } = await blocked("bob", "open", "bob");
    expect(code).toBe(1);
    expect(stderr).toContain("has not published its Jupyter token yet");
  });

  it("is told where nobody is logged in", async () => {
    for (const args of [["open", "ada"], ["ssh", "ada"], ["ssh-config"]]) {
      const { code, stderr } = await blocked(undefined, ...args);
      expect([args[0], code]).toEqual([args[0], 3]);
      expect(stderr).toContain("AWS does not know who is asking");
      expect(stderr).toContain("aws sso login");
    }
  });

  it("is told where a tool is missing", async () => {
    const bin = path.join(scene.project.folder, "bin");
    fs.mkdirSync(bin);
    const env = scene.project.env("ada", { PATH: bin });
    const without = (await scene.project.gpudevIn(env, "open", "ada")).stderr;
    expect(without).toContain("There is no `aws` on this machine");
    fs.writeFileSync(path.join(bin, "aws"), "#!/bin/sh\n", { mode: 0o755 });
    const { code, stderr } = await scene.project.gpudevIn(env, "ssh", "ada");
    expect(code).toBe(3);
    expect(stderr).toContain("There is no `session-manager-plugin` on this machine");
  });

  it("leaves no session behind", () => {
    expect(scene.front.sessions).toEqual([]);
  });
});
