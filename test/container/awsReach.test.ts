import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AwsScene } from "../support/awsScene";
import { docker, inspect, insideMust } from "../support/docker";
import { imageName } from "../support/image";
import { accepts, eventually, run } from "../support/processes";
import { makeKey, type KeyPair } from "../support/ssh";

const LABEL = "dev.gpudev.test=aws-reach";
const CREDENTIALS = "/home/dev/.config/gpudev";

let scene: AwsScene;
let container: string;
let key: KeyPair;
let instance: string;

/** The environment of ada as its host runs it: on loopback ports, with its key, telling its token to nobody. */
async function startEnvironment(): Promise<string> {
  const publish = ["-p", "127.0.0.1::8888", "-p", "127.0.0.1::2222"];
  const env = ["-e", "GPUDEV_MANAGED=1", "-e", `AUTHORIZED_KEYS=${key.publicKey}`];
  const id = await docker(
    ...["run", "-d", "--label", LABEL, ...publish, ...env, imageName(), "jupyter", "ssh"],
  );
  await eventually(
    "the environment is healthy",
    async () => (await inspect(id)).State.Health?.Status === "healthy",
  );
  return id;
}

async function hostPort(inside: number): Promise<number> {
  const ports = (await inspect(container)).NetworkSettings.Ports[`${inside}/tcp`];
  return Number(ports?.[0]?.HostPort);
}

beforeAll(async () => {
  scene = await AwsScene.open();
  key = await makeKey(scene.project.folder, "ada");
  container = await startEnvironment();
  scene.front.ports.set(8888, await hostPort(8888));
  scene.front.ports.set(2222, await hostPort(2222));
  instance = await scene.launch();
  const read = (file: string) => insideMust(container, `cat ${CREDENTIALS}/${file}`);
  await scene.publish("ada", "token", await read("jupyter-token"));
  await scene.publish("ada", "host-key", await read("ssh/ssh_host_ed25519_key.pub"));
});
afterAll(async () => {
  const left = (await docker("ps", "-aq", "--filter", `label=${LABEL}`))
    .split("\n")
    .filter(Boolean);
  if (left.length > 0) await docker("rm", "-f", "-v", ...left);
  await scene.close();
});

/** Runs an OpenSSH program with the written ssh_config, as ada. */
function openssh(program: "ssh" | "scp" | "sftp", args: readonly string[], input = "") {
  const own = ["-F", scene.project.sshConfig, "-i", key.file, "-o", "BatchMode=yes"];
  return run(program, [...own, ...args], { env: scene.project.env("ada"), input });
}

// Real: the environment, OpenSSH, the aws client, the parameters' store (moto), the user's own IAM policy, which the
// stand-in for SSM enforces. Not shown: AWS's session protocol between its plugin and its agent, for which a plain
// connection stands.
describe("reaching an environment on AWS with nothing but the stack file and the user's own policy", () => {
  it("prints an ssh_config of those whose parameters may be read, strict about host keys", async () => {
    const { code, stdout, stderr } = await scene.project.gpudev("ada", "ssh-config");
    expect([code, stderr]).toEqual([0, expect.stringContaining("Left out: bob.")]);
    expect(stdout.trim()).toBe(fs.readFileSync(scene.project.sshConfig, "utf8").trim());
    expect(stdout).toMatch(/^Host gpudev-reach-ada\n/);
    expect(stdout).toContain("StrictHostKeyChecking yes");
    expect(stdout).toContain("--name /gpudev/7f3k2m/host-0/ada/instance");
    expect(stdout).not.toContain("gpudev-reach-bob");
  });

  it("lets plain ssh in by name, its exit code included", async () => {
    const ended = await openssh("ssh", ["gpudev-reach-ada", "echo hello from $(id -un); exit 7"]);
    expect(ended).toMatchObject({ code: 7, stdout: "hello from dev\n" });
  });

  it("lets plain scp and sftp copy by name", async () => {
    const [there, back] = ["there.bin", "back.bin"].map((name) =>
      path.join(scene.project.folder, name),
    );
    if (there === undefined || back === undefined) throw new Error("no files");
    const content = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
    fs.writeFileSync(there, content);
    expect((await openssh("scp", [there, "gpudev-reach-ada:copied.bin"])).code).toBe(0);
    const batch = `get copied.bin ${back}\n`;
    expect((await openssh("sftp", ["-b", "-", "gpudev-reach-ada"], batch)).code).toBe(0);
    expect(fs.readFileSync(back).equals(content)).toBe(true);
  });

  it("lets gpudev ssh in, and takes a keep-awake lease where the host's watcher reads it", async () => {
    fs.mkdirSync(path.join(scene.project.folder, ".ssh"), { recursive: true });
    // OpenSSH looks for keys in the account's home, whatever HOME says: an agent offers ada's.
    const socket = path.join(scene.project.folder, "agent");
    const agent = await run("ssh-agent", ["-s", "-a", socket]);
    const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(agent.stdout)?.[1]);
    const env = scene.project.env("ada", { SSH_AUTH_SOCK: socket });
    try {
      expect((await run("ssh-add", [key.file], { env })).code).toBe(0);
      const login = await scene.project.gpudevIn(
        env,
        "ssh",
        "ada",
        "--",
        "echo",
        "in",
        ";",
        "exit",
        "5",
      );
      expect(login).toMatchObject({ code: 5, stdout: "in\n" });
      const lease = await scene.project.gpudevIn(env, "keep-awake", "ada", "--for", "4h", "--json");
      const { until } = JSON.parse(lease.stdout) as { until: string };
      expect(await insideMust(container, `cat ${CREDENTIALS}/keep-awake`)).toBe(until);
      const seconds = (Date.parse(until) - Date.now()) / 1000;
      expect(Math.round(seconds / 3600)).toBe(4);
      await scene.project.gpudevIn(env, "keep-awake", "ada", "--for", "0s");
      expect(await insideMust(container, `ls ${CREDENTIALS}`)).not.toContain("keep-awake");
    } finally {
      process.kill(pid);
    }
  });

  it("refuses a server with another host key", async () => {
    const files = path.join(path.dirname(scene.project.sshConfig), "known_hosts");
    const right = fs.readFileSync(files, "utf8");
    const other = await makeKey(scene.project.folder, "other");
    fs.writeFileSync(
      files,
      `gpudev-reach-ada ${other.publicKey.split(" ").slice(0, 2).join(" ")}\n`,
    );
    const ended = await openssh("ssh", ["gpudev-reach-ada", "true"]);
    expect(ended.code).toBe(255);
    expect(ended.stderr).toContain("Host key verification failed");
    fs.writeFileSync(files, right);
  });

  it("finds a machine that took the old one's place, with the same ssh_config", async () => {
    const before = fs.readFileSync(scene.project.sshConfig, "utf8");
    scene.connect(instance, false);
    const next = await scene.launch();
    expect(next).not.toBe(instance);
    expect((await openssh("ssh", ["gpudev-reach-ada", "true"])).code).toBe(0);
    expect(scene.front.sessions.at(-1)).toBe(`${next} gpudev-reach-7f3k2m-ssh-0`);
    expect(fs.readFileSync(scene.project.sshConfig, "utf8")).toBe(before);
    instance = next;
  });

  it("includes itself in the person's own ssh_config once", async () => {
    const own = path.join(scene.project.folder, ".ssh", "config");
    await scene.project.gpudev("ada", "ssh-config", "ada", "--install");
    await scene.project.gpudev("ada", "ssh-config", "ada", "--install");
    const text = fs.readFileSync(own, "utf8");
    expect(text).toBe(`Include "${scene.project.sshConfig}"\n`);
  });

  it("opens Jupyter through a session, with the token, until Ctrl-C", async () => {
    const running = scene.project.start("ada", "open", "ada");
    const link = await eventually(
      "the link",
      () => /http:\/\/127\.0\.0\.1:\d+\/lab\?token=\S+/.exec(running.output())?.[0],
    );
    const url = new URL(link);
    const token = url.searchParams.get("token") ?? "";
    const status = async (with_: string) =>
      (await fetch(`${url.origin}/api/status?token=${with_}`)).status;
    expect([await status(token), await status("wrong")]).toEqual([200, 403]);
    expect(await (await fetch(link)).text()).toContain("JupyterLab");
    expect(scene.front.sessions.at(-1)).toBe(`${instance} gpudev-reach-7f3k2m-jupyter-0`);
    running.child.kill("SIGINT");
    expect((await running.ended).code).toBe(0);
    expect(await accepts("127.0.0.1", Number(url.port))).toBe(false);
  });

  it("prints link and command without running them with --json", async () => {
    const before = scene.front.sessions.length;
    const { stdout } = await scene.project.gpudev("ada", "open", "ada", "--json");
    const { link, tunnel } = JSON.parse(stdout) as { link: string; tunnel: string };
    const { port } = new URL(link);
    expect(tunnel).toBe(
      `aws ssm start-session --region eu-west-1 --target ${instance} --document-name gpudev-reach-7f3k2m-jupyter-0 --parameters localPortNumber=${port}`,
    );
    expect(scene.front.sessions).toHaveLength(before);
  });

  it("says that the host is there and the environment is not", async () => {
    await docker("stop", container);
    const { code, stderr } = await scene.project.gpudev("ada", "open", "ada");
    expect(code).toBe(1);
    expect(stderr).toContain("The host is there, and the environment of ada does not answer");
  });
});
