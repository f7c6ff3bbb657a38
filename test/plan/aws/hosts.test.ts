import { describe, expect, it } from "vitest";
import { makeAwsPlan } from "../../../components/plan/aws/makeAwsPlan";
import type { AwsStack } from "../../../components/plan/aws/stack";
import type { Seat } from "../../../components/settings";
import {
  account,
  awsErrors,
  awsSettings,
  brief,
  GIB,
  known,
  oneFinding,
  recordAws,
  unknown,
} from "./world";

const plan = (settings: AwsStack, lookups = account()) => makeAwsPlan(settings, lookups);
const four = ["ada", "bob", "carol", "dan"];

/** Seats as `host.slot[devices]`, by user. */
function places(settings: AwsStack): string[] {
  return Object.entries(plan(settings).seats).map(
    ([user, { host, slot, devices = [] }]) => `${user} ${host}.${slot}[${devices.join(" ")}]`,
  );
}

describe("placement", () => {
  it.each<[string, (string | Record<string, unknown>)[], Record<string, unknown>, string[]]>([
    [
      "gives each a host of their own where a host has one GPU",
      ["ada", "bob"],
      { ladder: [{ type: "g6.xlarge" }] },
      ["ada 0.0[0]", "bob 1.0[0]"],
    ],
    [
      "shares a host by whole devices, and fills a gap with who fits",
      [{ name: "ada", gpus: 3 }, { name: "bob", gpus: 2 }, "carol", { name: "dan", gpus: "none" }],
      { ladder: [{ type: "g6.12xlarge" }] },
      ["ada 0.0[0 1 2]", "carol 0.1[3]", "dan 0.2[]", "bob 1.0[0 1]"],
    ],
    [
      "keeps to usersPerHost",
      four,
      { ladder: [{ type: "g6.12xlarge" }], usersPerHost: 3 },
      ["ada 0.0[0]", "bob 0.1[1]", "carol 0.2[2]", "dan 1.0[0]"],
    ],
    [
      "counts MIG slices as CDI names them",
      four,
      { ladder: [{ type: "p4d.24xlarge" }], sharing: "mig", migProfile: "3g.20gb" },
      ["ada 0.0[0:0]", "bob 0.1[0:1]", "carol 0.2[1:0]", "dan 0.3[1:1]"],
    ],
    [
      "spreads time-slicing over a host's GPUs before anybody shares",
      [...four, "eve"],
      { ladder: [{ type: "g6.12xlarge" }], sharing: "time-slicing" },
      ["ada 0.0[0]", "bob 0.1[1]", "carol 0.2[2]", "dan 0.3[3]", "eve 0.4[0]"],
    ],
    [
      "gives four users one GPU by time-slicing, and the fifth another host",
      [...four, "eve"],
      { ladder: [{ type: "g6.xlarge" }], sharing: "time-slicing" },
      ["ada 0.0[0]", "bob 0.1[0]", "carol 0.2[0]", "dan 0.3[0]", "eve 1.0[0]"],
    ],
  ])("%s", (_, users, hosts, expected) => {
    expect(places(awsSettings(users, { hosts }))).toEqual(expected);
  });

  it("lets what is recorded win: host, slot and devices, also with a gap", () => {
    const seats = {
      id: "7f3k2m",
      ada: { slot: 5, host: 3, devices: [2] },
      bob: { slot: 1, host: 0, devices: [1] },
    };
    const hosts = { ladder: [{ type: "g6.12xlarge" }] };
    expect(places(awsSettings(["ada", "bob", "carol"], { hosts }, { seats }))).toEqual([
      "carol 0.0[0]",
      "bob 0.1[1]",
      "ada 3.5[2]",
    ]);
  });

  it("keeps a leaver's place, and gives the devices to others", () => {
    const seats: Record<string, Seat | string> = {
      id: "7f3k2m",
      ada: { slot: 0, host: 0, devices: [0] },
      left: { slot: 1, host: 0, devices: [1] },
    };
    const hosts = { ladder: [{ type: "g6.12xlarge" }] };
    const settings = awsSettings(["ada", "bob", "carol", "dan"], { hosts }, { seats });
    expect(places(settings)).toEqual([
      "ada 0.0[0]",
      "left 0.1[]",
      "bob 0.2[1]",
      "carol 0.3[2]",
      "dan 0.4[3]",
    ]);
    expect(plan(settings).homes.volumes.map(({ users }) => users)).toEqual([
      ["ada", "left", "bob", "carol", "dan"],
    ]);
    expect(plan(settings).hosts[0]?.users).toEqual(["ada", "bob", "carol", "dan"]);
  });

  it("gives other devices of the same host where the recorded ones are of another way to share", () => {
    const seats = { id: "7f3k2m", ada: { slot: 0, host: 0, devices: ["0:1"] } };
    const settings = awsSettings(
      ["ada"],
      { hosts: { ladder: [{ type: "g6.12xlarge" }] } },
      { seats },
    );
    expect(places(settings)).toEqual(["ada 0.0[0]"]);
    expect(oneFinding(plan(settings), "seat-unrecorded").message).toBe(
      "The recorded seat of ada is no longer the same: host 0, slot 0, GPU 0.",
    );
  });
});

describe("limits", () => {
  it("divide a host among its places, however many sit there", () => {
    const memory = (users: string[]) =>
      plan(awsSettings(users, { hosts: { ladder: [{ type: "g6.12xlarge" }] } })).environments.map(
        ({ profile }) => profile.memoryBytes / GIB,
      );
    expect(memory(["ada"])).toEqual([45]);
    expect(memory(four)).toEqual([45, 45, 45, 45]);
  });

  it("give who has two of four GPUs half of the host", () => {
    const settings = awsSettings([{ name: "ada", gpus: 2 }], {
      hosts: { ladder: [{ type: "g6.12xlarge" }] },
    });
    expect(plan(settings).environments[0]?.profile.memoryBytes).toBe(91 * GIB);
  });
});

describe("the ladder", () => {
  const types = (settings: AwsStack, lookups = account()) => {
    const made = plan(settings, lookups);
    return made.hosts.map(({ type, market }) => `${type.type} ${market}`);
  };

  it.each<[Record<string, unknown>, string]>([
    [{}, "g6.xlarge on-demand"],
    [{ gpu: { model: "T4" } }, "g4dn.xlarge on-demand"],
    [{ gpu: { model: "A10G", perUser: 4 } }, "g5.12xlarge on-demand"],
    [{ gpu: { model: "L4", perUser: 8 } }, "g6.48xlarge on-demand"],
    [{ limits: { memory: "24GiB" } }, "g6.2xlarge on-demand"],
    [{ gpu: { model: "A100" } }, "p4d.24xlarge on-demand"],
  ])("is derived from %j: %s", (rest, expected) => {
    expect(types(awsSettings(["ada"], {}, rest))).toEqual([expected]);
  });

  it("is derived from what the region offers", () => {
    const offerings = known({ "g6.4xlarge": ["eu-west-1a"] });
    expect(types(awsSettings(["ada"]), account({ offerings }))).toEqual(["g6.4xlarge on-demand"]);
  });

  it("goes on from the recorded rung", () => {
    const hosts = {
      ladder: [{ type: "g6.xlarge", market: "spot" }, { type: "g6.xlarge" }, { type: "g5.xlarge" }],
    };
    const at = (rung: number) => awsSettings(["ada"], { hosts: { ...hosts, rung } });
    expect(types(at(0))).toEqual(["g6.xlarge spot"]);
    expect(types(at(1))).toEqual(["g6.xlarge on-demand"]);
    expect(types(at(2))).toEqual(["g5.xlarge on-demand"]);
    expect(oneFinding(plan(at(3)), "no-such-rung")).toMatchObject({
      severity: "error",
      path: "gpudev:aws.hosts.rung",
      message: "The stack is to use step 3 of its ladder, which has 3 (0 to 2).",
    });
  });
});

describe("the zone", () => {
  const hosts = { ladder: [{ type: "g6.xlarge" }] };

  it("is the first that offers the type, and is recorded", () => {
    const offerings = known({ "g6.xlarge": ["eu-west-1b", "eu-west-1c"] });
    const made = plan(awsSettings(["ada"], { hosts }), account({ offerings }));
    expect(made.hosts[0]?.zone).toBe("eu-west-1b");
    expect(made.record["gpudev:aws.homes.zone"]).toBe("eu-west-1b");
    expect(made.network.subnets.map(({ zone, cidr }) => [zone, cidr])).toEqual([
      ["eu-west-1b", "10.64.2.0/23"],
      ["eu-west-1c", "10.64.4.0/23"],
    ]);
  });

  it("once recorded stays, whatever else is offered", () => {
    const settings = awsSettings(["ada"], { hosts, homes: { zone: "eu-west-1b" } });
    expect(plan(settings).hosts[0]?.zone).toBe("eu-west-1b");
  });

  it("is that of a volume that exists, though nobody recorded it", () => {
    const volumes = known([{ id: "vol-1", zone: "eu-west-1b", host: 0, sizeGiB: 100 }]);
    const made = plan(awsSettings(["ada"], { hosts }), account({ volumes }));
    expect(made.hosts[0]?.zone).toBe("eu-west-1b");
    expect(made.homes.volumes[0]?.zone).toBe("eu-west-1b");
  });

  it("cannot leave the homes: neither by the ladder nor where the type is not offered", () => {
    const away = { ladder: [{ type: "g6.xlarge", zone: "eu-west-1a" }] };
    const pinned = awsSettings(["ada"], { hosts: away, homes: { zone: "eu-west-1b" } });
    expect(oneFinding(plan(pinned), "zone-pinned")).toMatchObject({
      severity: "error",
      path: "gpudev:aws.hosts.ladder[0].zone",
      mend: "Write zone: eu-west-1b or leave it out, or restore each host's homes with gpudev restore <host> --zone eu-west-1a.",
    });
    expect(plan(pinned).hosts[0]?.zone).toBe("eu-west-1b");
    const closed = awsSettings(["ada"], { hosts, homes: { zone: "eu-west-1c" } });
    expect(oneFinding(plan(closed), "type-not-in-zone").mend).toBe(
      "The homes are in eu-west-1c: take a type that it offers, or restore each host's homes into another zone with gpudev restore <host> --zone eu-west-1a.",
    );
  });

  it("that is recorded wrongly is told", () => {
    const volumes = known([{ id: "vol-1", zone: "eu-west-1b", host: 0, sizeGiB: 100 }]);
    const settings = awsSettings(["ada"], { hosts, homes: { zone: "eu-west-1a" } });
    expect(awsErrors(plan(settings, account({ volumes })))).toEqual(["homes-elsewhere"]);
  });

  it("is free with EFS", () => {
    const away = { ladder: [{ type: "g6.xlarge", zone: "eu-west-1b" }] };
    const made = plan(awsSettings(["ada"], { hosts: away, homes: { kind: "efs" } }));
    expect(made.hosts[0]?.zone).toBe("eu-west-1b");
    expect(made.record["gpudev:aws.homes.zone"]).toBeUndefined();
    expect(made.homes.accessPoints).toEqual([
      { user: "ada", path: "/homes/ada", uid: 1000, gid: 1000 },
    ]);
  });

  it("of subnets stays when a step of another zone is added", () => {
    const cidrs = (zones: string[]) =>
      new Map(
        plan(awsSettings(["ada"], { hosts, zones })).network.subnets.map(({ zone, cidr }) => [
          zone,
          cidr,
        ]),
      );
    const [two, three] = [
      cidrs(["eu-west-1a", "eu-west-1c"]),
      cidrs(["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
    ];
    for (const [zone, cidr] of two) expect(three.get(zone)).toBe(cidr);
  });
});

describe("a stack past its end", () => {
  const lifetime = { until: "2026-11-22T18:00:00Z" };
  const before = awsSettings(["ada", "bob"], {}, { lifetime: { until: "2026-11-24T18:00:00Z" } });
  const ended = (settings: AwsStack): AwsStack => ({
    ...settings,
    lifetime: { ...settings.lifetime, ...lifetime },
  });

  it("that exists has no hosts any more, and all homes", () => {
    const made = plan(ended(recordAws(before, account())));
    expect(awsErrors(made)).toEqual([]);
    expect(brief(made)).toContain("warning ended gpudev:lifetime.until");
    expect([made.hosts, made.environments, made.documents]).toEqual([[], [], []]);
    expect(made.homes.volumes.map(({ users }) => users)).toEqual([["ada"], ["bob"]]);
    expect(made.seats).toEqual(plan(before).seats);
    expect(made.lifetime.ended).toBe(true);
    expect(made.cost.perHour).toBe(made.cost.perHourStopped);
  });

  it("is known by its volumes, too, and taken to exist where they could not be asked", () => {
    const volumes = known([{ id: "vol-1", zone: "eu-west-1a", host: 0, sizeGiB: 100 }]);
    const fresh = awsSettings(["ada"], {}, { lifetime });
    expect(awsErrors(plan(fresh))).toEqual(["ended"]);
    expect(awsErrors(plan(fresh, account({ volumes })))).toEqual([]);
    const seats = { id: "7f3k2m", ada: { slot: 0, host: 0 } };
    const recorded = awsSettings(["ada"], {}, { lifetime, seats });
    const dark = account({ volumes: unknown("no"), instances: unknown("no") });
    expect(awsErrors(plan(recorded, dark))).toEqual([]);
  });
});

describe("homes", () => {
  it("have room for all places of a host from the first day", () => {
    const hosts = { ladder: [{ type: "g6.12xlarge" }] };
    const size = (users: string[]) =>
      plan(awsSettings(users, { hosts, homes: { size: "50GiB" } })).homes.volumes.map(
        ({ sizeGiB }) => sizeGiB,
      );
    expect(size(["ada"])).toEqual([200]);
    expect(size(four)).toEqual([200]);
    expect(size([...four, "eve"])).toEqual([200, 200]);
  });

  it("that no volume can hold are refused", () => {
    const aws = {
      hosts: { ladder: [{ type: "g6.12xlarge" }], sharing: "time-slicing" },
      homes: { size: "2TiB" },
    };
    expect(oneFinding(plan(awsSettings(["ada"], aws)), "homes-too-large")).toMatchObject({
      path: "gpudev:aws.homes.size",
      mend: "Write size: 1024GiB or less, fewer usersPerHost, or homes.kind: efs.",
    });
  });
});

describe("the AMI", () => {
  it("that is newest is taken and recorded, once", () => {
    const made = plan(awsSettings(["ada"]));
    expect(made.ami).toEqual({
      kind: "deep-learning",
      parameter:
        "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id",
      driver: "595.91.07",
      id: "ami-0123456789abcdef0",
      recorded: false,
    });
    expect(made.record["gpudev:aws.hosts.ami.id"]).toBe("ami-0123456789abcdef0");
  });

  it("that is recorded stays when there is a newer one", () => {
    const hosts = { ami: { id: "ami-00000000000000001" } };
    const made = plan(awsSettings(["ada"], { hosts }));
    expect(made.ami).toMatchObject({ id: "ami-00000000000000001", recorded: true });
    expect(made.record["gpudev:aws.hosts.ami.id"]).toBeUndefined();
  });
});

describe("what all resources carry", () => {
  it("are the engineer's tags and gpudev's own", () => {
    const made = plan(awsSettings(["ada"], { tags: { "cost-centre": "42" } }, { team: "vision" }));
    expect(made.tags).toEqual({
      "cost-centre": "42",
      "gpudev:stack": "team",
      "gpudev:stack-id": "7f3k2m",
      "gpudev:team": "vision",
    });
    expect(made.prefix).toBe("gpudev-team-7f3k2m");
  });
});

describe("access", () => {
  it("by default opens no port and needs no address", () => {
    const { access, environments } = plan(awsSettings(["ada"]));
    expect(access).toEqual({
      documents: [
        { name: "gpudev-team-7f3k2m-jupyter-0", service: "jupyter", slot: 0, port: 8888 },
        { name: "gpudev-team-7f3k2m-ssh-0", service: "ssh", slot: 0, port: 2222 },
      ],
      principals: {},
      directFrom: [],
      directPorts: [],
      parameterPrefix: "/gpudev/7f3k2m",
    });
    const addresses = environments.flatMap(({ profile }) =>
      profile.ports.map(({ published }) => published?.address),
    );
    expect(addresses).toEqual(["127.0.0.1", "127.0.0.1"]);
  });

  it("that is direct opens SSH and https for the ranges alone; Jupyter itself stays on loopback", () => {
    const aws = {
      hosts: { ladder: [{ type: "g6.12xlarge" }] },
      access: { directFrom: ["203.0.113.0/24"], domain: "gpu.example.com" },
    };
    const made = plan(awsSettings(["ada", "bob"], aws));
    expect(made.access.directPorts).toEqual([
      { from: 10_443, to: 10_444 },
      { from: 2222, to: 2223 },
      { from: 80, to: 80 },
    ]);
    expect(
      made.environments[1]?.profile.ports.map(({ name, published }) => [name, published]),
    ).toEqual([
      ["jupyter", { address: "127.0.0.1", port: 8889 }],
      ["ssh", { address: "0.0.0.0", port: 2223 }],
    ]);
    expect(made.documents[0]?.direct).toEqual({
      name: "host-0.gpu.example.com",
      sites: [
        { user: "ada", listen: 10_443, upstream: 8888 },
        { user: "bob", listen: 10_444, upstream: 8889 },
      ],
    });
  });
});
