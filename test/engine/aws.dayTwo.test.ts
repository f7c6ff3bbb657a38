import * as http from "node:http";
import type { AddressInfo } from "node:net";
import {
  CreateTagsCommand,
  CreateVolumeCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { CLIENT, DrivenStack, INSTANCE, VOLUME, type Printed } from "../support/awsCommand";
import { PlayedHosts } from "../support/awsHosts";
import { startMoto, type Moto } from "../support/moto";

/** One that moto has; those after it only the parameter names. */
const OLD = "ami-1e749f67";
const BAD = "ami-0bad00000000000a1";
const GOOD = "ami-0900d0000000000b2";
const LATE = "ami-01a7e0000000000c3";
const BEGUN = "ami-0be9000000000000d4";

const STACK = `# Two people on two machines.
config:
  gpudev:target: aws
  gpudev:docker: { provider: official }
  gpudev:users:
    - { name: ada, sshKeys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJteLZlAwV+gOATsyRvvCOuar86cIXBzI8/8670yaeNU"] }
    - { name: bob, sshKeys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEBvh2twEGTMynhdXvTfNdDGgu/bmnpy497rhn4oX1RG"] }
  gpudev:image: { torch: "2.6.0", cuda: "12.4" }
  gpudev:aws:
    region: us-east-1
    zones: [us-east-1a, us-east-1b]
    hosts:
      ami: { kind: ubuntu, id: ${OLD} } # what hosts boot
      rootVolume: 100GiB
      ladder: [{ type: g6.xlarge }]
`;

/** SSM's public parameters, which moto does not have: every name leads to one AMI. */
class Parameters {
  newest = OLD;
  private readonly server = http.createServer((_, answer) => {
    answer
      .writeHead(200, { "content-type": "application/x-amz-json-1.1" })
      .end(JSON.stringify({ Parameter: { Name: "newest", Value: this.newest } }));
  });

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

interface Config {
  readonly "gpudev:aws": {
    readonly hosts: { readonly ami: { readonly id: string } };
    readonly homes: {
      readonly zone: string;
      readonly restored?: Readonly<
        Record<string, { zone: string; snapshot: string; size: string }>
      >;
    };
    readonly trial?: unknown;
  };
  readonly "gpudev:seats": { readonly id: string };
}

/**
 * Upgrades and restored homes by the built command on the real engine. The stand-in holds the resources and the
 * test plays the hosts' verdicts; moto finishes a snapshot at once. No host boots here, and no data is copied.
 */
describe("day two of a stack on AWS", () => {
  let moto: Moto;
  let stack: DrivenStack;
  let hosts: PlayedHosts;
  let ec2: EC2Client;
  const parameters = new Parameters();

  const run = async (...args: string[]): Promise<Printed> => {
    const ended = await stack.runIn({ AWS_ENDPOINT_URL_SSM: parameters.url }, ...args, "--json");
    if (!ended.stdout.startsWith("{")) throw new Error(`${ended.stdout}\n${ended.stderr}`);
    return JSON.parse(ended.stdout) as Printed;
  };
  const config = () => (parse(stack.read()) as { config: Config }).config;
  const aws = () => config()["gpudev:aws"];
  const amis = () =>
    Object.fromEntries(
      stack.account.all(INSTANCE).map(([, { name, inputs }]) => [name, inputs["ami"]]),
    );
  const instanceOf = (host: string) =>
    stack.account.all(INSTANCE).find(([, { name }]) => name === `gpudev-${host}-instance`)?.[0];
  const images = () =>
    stack.account
      .all("aws:s3/bucketObjectv2:BucketObjectv2")
      .filter(([, { name }]) => name.endsWith("-document"))
      .toSorted(([, a], [, b]) => (a.name < b.name ? -1 : 1))
      .map(
        ([, { inputs }]) => (JSON.parse(inputs["content"] as string) as { image: string }).image,
      );
  const newLog = (before: number) =>
    stack.account
      .read()
      .log.slice(before)
      .filter((line) => line.includes(INSTANCE));

  beforeAll(async () => {
    moto = await startMoto();
    await parameters.open();
    stack = new DrivenStack("team", moto.url);
    hosts = new PlayedHosts(stack);
    ec2 = new EC2Client({ ...CLIENT, endpoint: moto.url });
    stack.write(STACK);
    hosts.start();
    await stack.init();
    const printed = await run("up", "--yes");
    expect(printed.error).toBeUndefined();
    expect(amis()).toEqual({ "gpudev-host-0-instance": OLD, "gpudev-host-1-instance": OLD });
  });
  afterAll(async () => {
    await hosts.stop();
    stack.cleanUp();
    await parameters.close();
    await moto.stop();
  });

  it("upgrades nothing where nothing is newer", async () => {
    const before = stack.account.read().log.length;
    const printed = await run("upgrade", "--yes");
    expect(printed).toMatchObject({ ok: true, upgraded: false });
    expect(stack.account.read().log.slice(before)).toEqual([]);
  });

  it("refuses to upgrade while something else waits", async () => {
    parameters.newest = BAD;
    const text = stack.read();
    stack.write(text.replace("100GiB", "200GiB"));
    const printed = await run("upgrade", "--yes");
    expect(printed).toMatchObject({ ok: false, exitCode: 2 });
    expect(printed.error?.message).toContain("gpudev-host-0-instance");
    expect(stack.read()).toContain("200GiB");
    stack.write(text);
  });

  it("does not end what people do without being told to", async () => {
    const printed = await run("upgrade");
    expect(printed).toMatchObject({ ok: false, exitCode: 2 });
    expect(printed.error?.mend).toBe("Say --yes to go on.");
    expect(aws().trial).toBeUndefined();
  });

  it("gives the first host back what it had where its verdict is bad, and touches no other", async () => {
    stack.account.change({ unready: [BAD] });
    hosts.complaint = ({ ami }) => (ami === BAD ? "the NVIDIA driver is not answering" : undefined);
    const [volumes, other, log] = [
      stack.ids(VOLUME),
      instanceOf("host-1"),
      stack.account.read().log.length,
    ];
    const printed = await run("upgrade", "--yes");
    expect(printed).toMatchObject({
      ok: false,
      exitCode: 1,
      upgraded: false,
      rolledBack: true,
      first: "host-0",
      ami: { from: OLD, to: BAD },
    });
    expect(printed.error?.message).toContain("the NVIDIA driver is not answering");
    expect(amis()).toEqual({ "gpudev-host-0-instance": OLD, "gpudev-host-1-instance": OLD });
    expect(instanceOf("host-1")).toBe(other);
    expect(stack.ids(VOLUME)).toEqual(volumes);
    expect(newLog(log)).toEqual([
      `delete ${INSTANCE} gpudev-host-0-instance`,
      `create ${INSTANCE} gpudev-host-0-instance`,
      `delete ${INSTANCE} gpudev-host-0-instance`,
      `create ${INSTANCE} gpudev-host-0-instance`,
    ]);
    expect(aws()).toMatchObject({ hosts: { ami: { id: OLD } } });
    expect(aws().trial).toBeUndefined();
    expect(stack.read()).toContain("# what hosts boot");
  });

  it("upgrades the others once the first has passed", async () => {
    parameters.newest = GOOD;
    const [volumes, log] = [stack.ids(VOLUME), stack.account.read().log.length];
    const printed = await run("upgrade", "--yes");
    expect(printed).toMatchObject({ ok: true, upgraded: true, ami: { from: OLD, to: GOOD } });
    expect(amis()).toEqual({ "gpudev-host-0-instance": GOOD, "gpudev-host-1-instance": GOOD });
    expect(newLog(log)).toEqual([
      `delete ${INSTANCE} gpudev-host-0-instance`,
      `create ${INSTANCE} gpudev-host-0-instance`,
      `delete ${INSTANCE} gpudev-host-1-instance`,
      `create ${INSTANCE} gpudev-host-1-instance`,
    ]);
    expect(stack.ids(VOLUME)).toEqual(volumes);
    expect(aws().hosts.ami.id).toBe(GOOD);
    expect(aws().trial).toBeUndefined();
  });

  it("says where there is no capacity to give it back, and what the file says then brings it", async () => {
    parameters.newest = LATE;
    const other = instanceOf("host-1");
    stack.account.change({ exhausted: ["g6.xlarge"] });
    const printed = await run("upgrade", "--yes");
    stack.account.change({ exhausted: [] });
    expect(printed).toMatchObject({ ok: false, exitCode: 1, rolledBack: false });
    expect(printed.error?.message).toContain("InsufficientInstanceCapacity");
    expect(instanceOf("host-0")).toBeUndefined();
    expect(instanceOf("host-1")).toBe(other);
    expect(aws()).toMatchObject({ hosts: { ami: { id: GOOD } } });
    expect(aws().trial).toBeUndefined();
    expect(await run("up", "--yes")).toMatchObject({ ok: true });
    expect(amis()).toEqual({ "gpudev-host-0-instance": GOOD, "gpudev-host-1-instance": GOOD });
  });

  it("goes on with what a killed run began, and with the AMI of then", async () => {
    const text = stack.read();
    const begun = text.replace("hosts:", `trial: { host: 1, ami: ${BEGUN} }\n    hosts:`);
    expect(begun).not.toBe(text);
    stack.write(begun);
    const log = stack.account.read().log.length;
    const printed = await run("upgrade", "--yes");
    expect(printed).toMatchObject({ ok: true, first: "host-1", ami: { from: GOOD, to: BEGUN } });
    expect(newLog(log).map((line) => line.split(" ").at(-1))).toEqual([
      "gpudev-host-1-instance",
      "gpudev-host-1-instance",
      "gpudev-host-0-instance",
      "gpudev-host-0-instance",
    ]);
    expect(aws()).toMatchObject({ hosts: { ami: { id: BEGUN } } });
    expect(aws().trial).toBeUndefined();
  });

  it("gives it back as well where it says nothing in time", async () => {
    parameters.newest = LATE;
    hosts.complaint = ({ ami }) => (ami === LATE ? "silent" : undefined);
    const printed = await run("upgrade", "--yes", "--within", "2s");
    expect(printed).toMatchObject({ ok: false, exitCode: 1, rolledBack: true });
    expect(printed.error?.message).toContain("did not say within 2 seconds");
    expect(amis()).toEqual({ "gpudev-host-0-instance": BEGUN, "gpudev-host-1-instance": BEGUN });
    parameters.newest = BEGUN;
  });

  it("tries another image on one host, and holds all on the one before where it fails", async () => {
    const [before = ""] = images();
    stack.write(stack.read().replace('cuda: "12.4" }', 'cuda: "12.4", pip: [pandas] }'));
    hosts.complaint = ({ document }) =>
      document.image === before ? undefined : "gpu-check failed on device 0";
    const machines = stack.ids(INSTANCE);
    const failed = await run("upgrade", "--yes");
    expect(failed).toMatchObject({ ok: false, exitCode: 1, rolledBack: true, imageBefore: before });
    expect(failed.error?.message).toContain("gpu-check failed on device 0");
    expect(images()).toEqual([before, before]);
    expect(aws().trial).toMatchObject({ held: { image: before } });
    const preview = await run("preview");
    expect(preview.findings.map(({ code }) => code)).toContain("image-held");

    hosts.complaint = () => undefined;
    const passed = await run("upgrade", "--yes");
    expect(passed).toMatchObject({ ok: true, upgraded: true, imageBefore: before });
    expect(new Set(images()).size).toBe(1);
    expect(images()[0]).not.toBe(before);
    expect(aws().trial).toBeUndefined();
    expect(stack.ids(INSTANCE)).toEqual(machines);
  });

  describe("restoring homes", () => {
    /** The volume as EC2 would have it: moto knows nothing of what the stand-in made. */
    const volumeIn = async (zone: string, host: number) => {
      const { id } = config()["gpudev:seats"];
      const { VolumeId = "" } = await ec2.send(
        new CreateVolumeCommand({ AvailabilityZone: zone, Size: 100 }),
      );
      const tags = { "gpudev:homes": id, "gpudev:host": String(host) };
      await ec2.send(
        new CreateTagsCommand({
          Resources: [VolumeId],
          Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
        }),
      );
      return VolumeId;
    };
    let old = "";

    beforeAll(async () => {
      old = await volumeIn("us-east-1a", 0);
      await volumeIn("us-east-1a", 1);
    });

    it.each([
      [["restore", "ada", "--zone", "us-east-1b"], "lies on the volume of host-0"],
      [["restore", "host-7", "--zone", "us-east-1b"], "no homes of `host-7`"],
      [["restore", "host-0"], "Where to should"],
      [["restore", "host-0", "--zone", "us-east-1a"], "are in us-east-1a already"],
      [["restore", "host-0", "--zone", "eu-west-1b"], "Nothing was created or changed"],
      [["restore", "host-0", "--snapshot", "snap-0123456789abcdef0"], "no snapshot of us-east-1"],
      [["restore", "host-0", "--zone", "us-east-1b"], "There is no terminal"],
    ])("%j is refused, and nothing is stopped", async (args, message) => {
      const before = stack.account.read().log.length;
      const yes = message.includes("terminal") ? [] : ["--yes"];
      const printed = await run(...args, ...yes);
      expect(printed).toMatchObject({ ok: false, exitCode: 2 });
      expect(printed.error?.message).toContain(message);
      expect(stack.account.read().log.length).toBe(before);
    });

    it("makes them anew in another zone, and keeps the volume of before", async () => {
      const [made, other] = [stack.ids(VOLUME), instanceOf("host-1")];
      const printed = await run("restore", "host-0", "--zone", "us-east-1b", "--yes");
      expect(printed.error).toBeUndefined();
      const snapshot = String(printed["snapshot"]);
      expect(printed).toMatchObject({ ok: true, host: "host-0", zone: "us-east-1b", kept: old });
      const { Snapshots: [taken] = [] } = await ec2.send(
        new DescribeSnapshotsCommand({ SnapshotIds: [snapshot] }),
      );
      expect(taken).toMatchObject({ VolumeId: old, VolumeSize: 100 });
      // What the engine made: a volume from it, and the machine beside it; the others are as they were.
      const fresh = stack.account.all(VOLUME).filter(([id]) => !made.includes(id));
      expect(fresh.map(([, { inputs }]) => inputs)).toMatchObject([
        { availabilityZone: "us-east-1b", snapshotId: snapshot, size: 100 },
      ]);
      expect(stack.ids(VOLUME)).toEqual(expect.arrayContaining(made));
      const zones = stack.account
        .all(INSTANCE)
        .map(([, { name, inputs }]) => [name, inputs["availabilityZone"]]);
      expect(Object.fromEntries(zones)).toEqual({
        "gpudev-host-0-instance": "us-east-1b",
        "gpudev-host-1-instance": "us-east-1a",
      });
      expect(instanceOf("host-1")).toBe(other);
      // What AWS has: the old volume, which is no home of the stack's any more.
      const { Volumes: [kept] = [] } = await ec2.send(
        new DescribeVolumesCommand({ VolumeIds: [old] }),
      );
      const tags = Object.fromEntries(
        (kept?.Tags ?? []).map(({ Key = "", Value }) => [Key, Value]),
      );
      expect(tags).toEqual({
        "gpudev:homes-before": config()["gpudev:seats"].id,
        "gpudev:host": "0",
      });
      expect(aws().homes).toMatchObject({
        zone: "us-east-1a",
        restored: { "host-0": { zone: "us-east-1b", snapshot, size: "100GiB" } },
      });
    });

    it("are taken from no snapshot of another host's, and in place from their own", async () => {
      const { Snapshots: [theirs] = [] } = await ec2.send(
        new DescribeSnapshotsCommand({ Filters: [{ Name: "volume-id", Values: [old] }] }),
      );
      const snapshot = theirs?.SnapshotId ?? "";
      const refused = await run("restore", "host-1", "--snapshot", snapshot, "--yes");
      expect(refused).toMatchObject({ ok: false, exitCode: 2 });
      expect(refused.error?.message).toContain("holds homes of host-0, not those of host-1");
      const Tags = [{ Key: "gpudev:host", Value: "1" }];
      await ec2.send(new CreateTagsCommand({ Resources: [snapshot], Tags }));
      const [made, machines] = [stack.ids(VOLUME), stack.ids(INSTANCE)];
      const printed = await run("restore", "host-1", "--snapshot", snapshot, "--yes");
      expect(printed).toMatchObject({ ok: true, zone: "us-east-1a", snapshot });
      const fresh = stack.account.all(VOLUME).filter(([id]) => !made.includes(id));
      expect(fresh.map(([, { inputs }]) => inputs)).toMatchObject([
        { availabilityZone: "us-east-1a", snapshotId: snapshot },
      ]);
      expect(stack.ids(VOLUME)).toEqual(expect.arrayContaining(made));
      expect(stack.ids(INSTANCE)).toEqual(machines);
      await volumeIn("us-east-1a", 1);
    });

    it("stays so: the next up changes nothing", async () => {
      await volumeIn("us-east-1b", 0);
      expect(await run("up", "--yes")).toMatchObject({ ok: true, changes: {} });
    });

    it("deletes the volume of before when it is told to", async () => {
      const printed = await run("restore", "host-0", "--delete-old", "--yes");
      expect(printed).toMatchObject({ ok: true, deleted: [old] });
      const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({}));
      expect(Volumes.map(({ VolumeId }) => VolumeId)).not.toContain(old);
    });

    it("is the only way: a zone that is only written is refused, whether AWS or the state knows the homes", async () => {
      const text = stack.read();
      stack.write(text.replaceAll("zone: us-east-1a", "zone: us-east-1b"));
      const known = await run("up", "--yes");
      expect(known.findings.map(({ code }) => code)).toContain("homes-elsewhere");
      expect(known.exitCode).toBe(2);
      const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({}));
      for (const { VolumeId = "" } of Volumes)
        await ec2.send(
          new CreateTagsCommand({
            Resources: [VolumeId],
            Tags: [{ Key: "gpudev:homes", Value: "another" }],
          }),
        );
      const unknown = await run("up", "--yes");
      expect(unknown.findings.map(({ code }) => code)).toContain("home-dropped");
      expect(unknown.exitCode).toBe(2);
      stack.write(text);
    });
  });
});
