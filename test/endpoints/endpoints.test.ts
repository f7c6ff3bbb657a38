import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Endpoint, endpointsOf, knownHostsLine, sshConfig } from "../../components/endpoints";
import { makePlan } from "../../components/plan";
import { gpus, machine, settingsOf } from "../plan/world";
import { ed25519 } from "../settings/keys";

const remote = (host: string) => machine([], { docker: { host, local: false } });
const users = [{ name: "alice", sshKeys: [ed25519()] }, "bob"];

describe("endpoints", () => {
  it("of this machine are loopback addresses", () => {
    const plan = makePlan(settingsOf(users), machine(gpus(2)));
    expect(endpointsOf(plan)).toEqual([
      {
        user: "alice",
        environment: "gpudev-team-alice",
        jupyter: "http://127.0.0.1:8888/lab",
        ssh: { host: "127.0.0.1", port: 2222, user: "dev", alias: "gpudev-team-alice" },
        devices: ["0"],
        pricePerHour: 0,
      },
      {
        user: "bob",
        environment: "gpudev-team-bob",
        jupyter: "http://127.0.0.1:8889/lab",
        ssh: { host: "127.0.0.1", port: 2223, user: "dev", alias: "gpudev-team-bob" },
        devices: ["1"],
        pricePerHour: 0,
      },
    ]);
  });

  it("of a machine over SSH go through it, Jupyter by a tunnel", () => {
    const [alice] = endpointsOf(makePlan(settingsOf(users), remote("ssh://ada@gpu-box:2200")));
    expect(alice).toMatchObject({
      jupyter: "http://127.0.0.1:8888/lab",
      tunnel: "ssh -N -L 8888:127.0.0.1:8888 -p 2200 ada@gpu-box",
      ssh: { host: "127.0.0.1", port: 2222, proxyJump: "ada@gpu-box:2200" },
    });
  });

  it("that are open on purpose are reached directly, Jupyter by https", () => {
    const bind = {
      address: "0.0.0.0",
      exposeToNetwork: true,
      tls: { certificate: "/etc/tls/cert.pem", key: "/etc/tls/key.pem" },
    };
    const [alice] = endpointsOf(makePlan(settingsOf(users, { bind }), remote("ssh://ada@gpu-box")));
    expect(alice?.jupyter).toBe("https://gpu-box:8888/lab");
    expect(alice?.tunnel).toBeUndefined();
    expect(alice?.ssh).toEqual({
      host: "gpu-box",
      port: 2222,
      user: "dev",
      alias: "gpudev-team-alice",
    });
  });

  it("have what the services are that run", () => {
    const [only] = endpointsOf(
      makePlan(settingsOf(["a"], { services: { ssh: false } }), machine()),
    );
    expect(only?.ssh).toBeUndefined();
    expect(only?.jupyter).toBe("http://127.0.0.1:8888/lab");
  });
});

describe("a known_hosts line", () => {
  const [alice] = endpointsOf(makePlan(settingsOf(users), machine()));

  it("goes by the alias and leaves the key's comment out", () => {
    const key = ed25519("root@3f2a");
    const [type, data] = key.split(" ");
    expect(alice && knownHostsLine(alice, `${key}\n`)).toBe(`gpudev-team-alice ${type} ${data}`);
  });

  it.each(["", "Error response from daemon", "ssh-ed25519", "ssh-ed25519 not!base64"])(
    "is not made of %j",
    (text) => {
      expect(() => alice && knownHostsLine(alice, text)).toThrow(
        "gpudev-team-alice gave no public host key",
      );
    },
  );
});

describe("ssh_config as OpenSSH reads it", () => {
  let folder: string;
  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev ssh 100%-"));
  });
  afterAll(() => fs.rmSync(folder, { recursive: true }));

  /** What `ssh -G` makes of an alias: lower-case option to value. */
  function read(config: string, alias: string): Map<string, string> {
    const file = path.join(folder, "config");
    fs.writeFileSync(file, config, { mode: 0o600 });
    const text = execFileSync("ssh", ["-G", "-F", file, alias], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return new Map(
      text
        .trim()
        .split("\n")
        .map((line) => [line.split(" ", 1)[0] ?? "", line.slice(line.indexOf(" ") + 1)]),
    );
  }

  it("names host, port, user, key and the name that host keys go by", () => {
    const endpoints = endpointsOf(makePlan(settingsOf(users), machine()));
    const identityFile = path.join(folder, "id");
    const config = sshConfig(endpoints, {
      knownHostsFile: path.join(folder, "known_hosts"),
      identityFile,
    });
    const options = read(config, "gpudev-team-bob");
    expect(Object.fromEntries(options)).toMatchObject({
      hostname: "127.0.0.1",
      port: "2223",
      user: "dev",
      hostkeyalias: "gpudev-team-bob",
      stricthostkeychecking: "true",
      identitiesonly: "yes",
      forwardagent: "no",
    });
    const plain = (name: string) => options.get(name)?.replaceAll("%%", "%");
    expect(plain("userknownhostsfile")).toBe(path.join(folder, "known_hosts"));
    expect(plain("identityfile")).toBe(identityFile);
    expect(options.has("proxyjump")).toBe(false);
  });

  it("goes through the machine of a daemon elsewhere, or through the one that is told", () => {
    const endpoints = endpointsOf(makePlan(settingsOf(users), remote("ssh://ada@gpu-box:2200")));
    const knownHostsFile = path.join(folder, "known_hosts");
    const own = read(sshConfig(endpoints, { knownHostsFile }), "gpudev-team-alice");
    expect(own.get("proxyjump")).toBe("ada@gpu-box:2200");
    const told = sshConfig(endpoints, { knownHostsFile, proxyJump: "bastion" });
    expect(read(told, "gpudev-team-alice").get("proxyjump")).toBe("bastion");
  });

  it("round-trips any endpoint", () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
    fc.assert(
      fc.property(word, word, fc.integer({ min: 1, max: 65_535 }), (alias, host, port) => {
        const ssh = { host, port, user: "dev", alias: `gpudev-${alias}` };
        const endpoint: Endpoint = {
          user: alias,
          environment: ssh.alias,
          ssh,
          devices: [],
          pricePerHour: 0,
        };
        const options = read(sshConfig([endpoint], { knownHostsFile: "/dev/null" }), ssh.alias);
        expect(["hostname", "port", "user", "hostkeyalias"].map((key) => options.get(key))).toEqual(
          [host, `${port}`, "dev", ssh.alias],
        );
      }),
      { numRuns: 15 },
    );
  });

  it("leaves out who has no SSH, and refuses a path that ssh cannot read", () => {
    const endpoint: Endpoint = { user: "a", environment: "a", devices: [], pricePerHour: 0 };
    expect(sshConfig([endpoint], { knownHostsFile: "/dev/null" })).toBe("");
    const [alice] = endpointsOf(makePlan(settingsOf(users), machine()));
    expect(() => sshConfig(alice ? [alice] : [], { knownHostsFile: '/tmp/"x"' })).toThrow(
      "ssh cannot read a path like",
    );
  });
});
