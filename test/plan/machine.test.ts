import { describe, expect, it } from "vitest";
import { makePlan } from "../../components/plan";
import { codes, errorsOf, gpus, ID, machine, settingsOf, theFinding } from "./world";

const known = <T>(value: T) => ({ known: true as const, value });
const unknown = (because: string) => ({ known: false as const, because });

describe("names", () => {
  const object = (name: string, stackId?: string) =>
    known([{ name, ...(stackId === undefined ? {} : { stackId }) }]);

  it("of the stack's own things are in nobody's way", () => {
    const world = machine([], {
      containers: object("gpudev-team-a", ID),
      networks: known([{ name: "gpudev-team-a", subnets: ["10.213.0.0/29"], stackId: ID }]),
      volumes: object("gpudev-team-a-home", ID),
    });
    expect(errorsOf(makePlan(settingsOf(["a"]), world))).toEqual([]);
  });

  it.each([
    {
      what: "container",
      changes: { containers: object("gpudev-team-a") },
      code: "foreign-container",
      message: "The container gpudev-team-a exists and is not this stack's: it is not gpudev's.",
    },
    {
      what: "network",
      changes: { networks: known([{ name: "gpudev-team-a", subnets: [], stackId: "other1" }]) },
      code: "foreign-network",
      message:
        "The network gpudev-team-a exists and is not this stack's: it is of the stack with id other1.",
    },
    {
      what: "volume of another stack",
      changes: { volumes: object("gpudev-team-a-home", "other1") },
      code: "foreign-volume",
      message:
        "The volume gpudev-team-a-home, a's home, exists and is not this stack's: it belongs to the stack with id other1.",
    },
    {
      what: "volume of nobody",
      changes: { volumes: object("gpudev-team-a-home") },
      code: "foreign-volume",
      message:
        "The volume gpudev-team-a-home, a's home, exists and is not this stack's: it has no gpudev label.",
    },
  ])("that a $what has are an error", ({ changes, code, message }) => {
    const plan = makePlan(settingsOf(["a"]), machine([], changes));
    expect(errorsOf(plan)).toEqual([code]);
    expect(theFinding(plan, code).message).toBe(message);
  });

  it("of a lost stack's home come with the way to go on with it", () => {
    const world = machine([], { volumes: object("gpudev-team-a-home", "other1") });
    expect(theFinding(makePlan(settingsOf(["a"]), world), "foreign-volume").mend).toContain(
      "write id: other1 under gpudev:seats",
    );
  });

  it("of a leaver's home are held against others' too", () => {
    const seats = { id: ID, gone: { slot: 0 } };
    const world = machine([], { volumes: object("gpudev-team-gone-home", "other1") });
    expect(errorsOf(makePlan(settingsOf([], { seats }), world))).toEqual(["foreign-volume"]);
  });

  it("of homes that nobody names any more are a hint", () => {
    const world = machine([], { volumes: object("gpudev-team-lost-home", ID) });
    expect(theFinding(makePlan(settingsOf(["a"]), world), "orphan-home").message).toBe(
      "gpudev-team-lost-home is a home of this stack that no user and no seat names.",
    );
  });

  it("longer than a DNS label are an error", () => {
    const settings = { ...settingsOf(["a", "bob"]), stack: "s".repeat(53) };
    expect(theFinding(makePlan(settings, machine()), "name-too-long").message).toBe(
      "The containers of bob would have names of more than 63 characters, which no DNS name may have.",
    );
  });
});

describe("the daemon", () => {
  it("that does not answer is one error, and the plan is there all the same", () => {
    const because = "The Docker daemon does not answer at unix:///var/run/docker.sock";
    const answer = unknown(because);
    const world = machine([], {
      daemon: answer,
      containers: answer,
      networks: answer,
      volumes: answer,
      takenPorts: answer,
      freeDisk: answer,
      images: answer,
      base: answer,
    });
    const plan = makePlan(settingsOf(["a", "b"]), world);
    expect(errorsOf(plan)).toEqual(["no-daemon"]);
    expect(theFinding(plan, "no-daemon").message).toBe(
      `${because}; names, subnets, ports, GPUs, memory and disk could not be checked.`,
    );
    expect(codes(plan.findings)).not.toContain("unchecked");
    expect(plan.environments.map(({ container }) => container)).toEqual([
      "gpudev-team-a",
      "gpudev-team-b",
    ]);
  });

  it("that is elsewhere and does not answer does not answer for its GPUs either", () => {
    const answer = unknown("The Docker daemon does not answer at ssh://ada@gpu-box");
    const docker = { host: "ssh://ada@gpu-box", local: false };
    const plan = makePlan(
      settingsOf([{ name: "a", gpus: 1 }]),
      machine([], { docker, daemon: answer, gpus: answer }),
    );
    expect(errorsOf(plan)).toEqual(["no-daemon"]);
    expect(theFinding(plan, "no-daemon").mend).toBe(
      "Check that the machine is on and lets you in: docker --host ssh://ada@gpu-box info says why not.",
    );
  });

  it("says for each thing that could not be looked up why not", () => {
    const plan = makePlan(settingsOf(["a"]), machine([], { takenPorts: unknown("no ss there") }));
    expect(theFinding(plan, "unchecked")).toMatchObject({
      severity: "hint",
      message: "Ports in use could not be checked: no ss there.",
    });
  });

  it.each([
    [{ architecture: "aarch64" }, "architecture", "error"],
    [{ enforces: ["cpus", "pids"] as const }, "limits-not-enforced", "warning"],
    [{ enforces: [], rootless: true }, "limits-not-enforced", "warning"],
    [{ seccomp: false }, "no-seccomp", "warning"],
  ])("with %j: %s", (facts, code, severity) => {
    const plan = makePlan(settingsOf(["a"]), machine([], {}, facts));
    expect(theFinding(plan, code)).toMatchObject({ severity, path: "gpudev:docker.host" });
  });
});

describe("the address that ports are published on", () => {
  const tls = { certificate: "/etc/tls/cert.pem", key: "/etc/tls/key.pem" };
  const open = (address: string) => ({ bind: { address, exposeToNetwork: true, tls } });

  it("has to be the machine's", () => {
    const plan = makePlan(settingsOf(["a"], open("192.168.1.99")), machine());
    expect(theFinding(plan, "address-not-here")).toMatchObject({
      severity: "error",
      message: "192.168.1.99 is no address of the machine; it has 192.168.1.20, 172.17.0.1.",
    });
    expect(errorsOf(makePlan(settingsOf(["a"], open("192.168.1.20")), machine()))).toEqual([]);
  });

  it.each([
    ["127.0.0.1", {}, "127.0.0.1"],
    ["192.168.1.20", {}, "192.168.1.20"],
    ["0.0.0.0", {}, "192.168.1.20"],
    ["0.0.0.0", { addresses: known(["172.17.0.1"]) }, "127.0.0.1"],
    ["0.0.0.0", { docker: { host: "ssh://ada@gpu-box:2200", local: false } }, "gpu-box"],
    ["0.0.0.0", { docker: { host: "tcp://10.1.2.3:2376", local: false } }, "10.1.2.3"],
  ])("%s with %j answers at %s", (address, changes, expected) => {
    const rest = address === "127.0.0.1" ? {} : open(address);
    expect(makePlan(settingsOf(["a"], rest), machine([], changes)).docker.reachableAt).toBe(
      expected,
    );
  });

  it("on the loopback of a machine without SSH is a warning", () => {
    const docker = { host: "tcp://10.1.2.3:2376", local: false };
    const plan = makePlan(settingsOf(["a"]), machine([], { docker }));
    expect(codes(plan.findings, "warning")).toEqual(["loopback-of-remote"]);
    const ssh = { docker: { host: "ssh://ada@gpu-box", local: false } };
    expect(codes(makePlan(settingsOf(["a"]), machine([], ssh)).findings, "warning")).toEqual([]);
  });
});

describe("files that settings name", () => {
  const rest = {
    workspace: [{ source: "/srv/team" }, { source: "/srv/data", target: "/data", readOnly: true }],
    bind: {
      address: "0.0.0.0",
      exposeToNetwork: true,
      tls: { certificate: "/etc/tls/cert.pem", key: "/etc/tls/key.pem" },
    },
    image: { extraCa: "/etc/ssl/corp.pem" },
  };

  it("have to be there", () => {
    const files = {
      "/srv/team": known(true),
      "/srv/data": known(false),
      "/etc/tls/cert.pem": known(true),
      "/etc/tls/key.pem": known(false),
      "/etc/ssl/corp.pem": known(false),
    };
    const plan = makePlan(settingsOf(["a"], rest), machine([], { files }));
    const found = plan.findings.filter(({ code }) => code === "no-such-file");
    expect(found.map(({ path, message }) => [path, message])).toEqual([
      ["gpudev:workspace[1].source", "There is no folder /srv/data on the machine."],
      ["gpudev:bind.tls.key", "There is no key /etc/tls/key.pem on the machine."],
      ["gpudev:image.extraCa", "There is no CA file /etc/ssl/corp.pem on the machine."],
    ]);
  });

  it("that could not be looked at are hints", () => {
    const files = { "/srv/team": unknown("ssh could not log in") };
    const plan = makePlan(settingsOf(["a"], rest), machine([], { files }));
    expect(theFinding(plan, "unchecked").path).toBe("gpudev:workspace[0].source");
  });
});

describe("the end of a stack", () => {
  it.each([
    ["2026-11-23T13:00:01+01:00", []],
    ["2026-11-23T13:00:00+01:00", ["ended"]],
    ["2020-01-01T00:00:00Z", ["ended"]],
  ])("at %s, seen on 2026-11-23 at 12:00 UTC: %j", (until, expected) => {
    const plan = makePlan(settingsOf(["a"], { lifetime: { until } }), machine());
    expect(errorsOf(plan)).toEqual(expected);
  });

  it("is not enforced on a workstation, and a hint says so", () => {
    const plan = makePlan(settingsOf(["a"], { lifetime: { idleStop: "45m" } }), machine());
    expect(theFinding(plan, "not-enforced-here").path).toBe("gpudev:lifetime.idleStop");
  });
});

describe("findings", () => {
  it("come with errors first, each once, and all with path, sentence and mend", () => {
    const settings = settingsOf(["a", "b", "c"], {
      image: { cuda: "12.1" },
      limits: { memory: "900GiB" },
      lifetime: { until: "2020-01-01T00:00:00Z" },
      seats: {},
    });
    const world = machine(gpus(1), { addresses: known(["10.213.0.3"]) });
    const { findings } = makePlan(settings, world);
    expect(codes(findings, "error")).toEqual([
      "no-id",
      "too-few-gpus",
      "no-such-build",
      "memory-beyond-machine",
      "subnet-clash",
      "ended",
    ]);
    const order = findings.map(({ severity }) => ["error", "warning", "hint"].indexOf(severity));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(new Set(findings.map((finding) => JSON.stringify(finding))).size).toBe(findings.length);
    for (const { path, message, mend } of findings) {
      expect(path).toMatch(/^gpudev:[a-z]/);
      expect(message).toMatch(/^\S.*\.$/);
      expect(mend).toMatch(/^\S.*\S$/);
    }
  });
});
