import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeAwsPlan } from "../../components/plan/aws/makeAwsPlan";
import type { AwsPlan } from "../../components/plan/aws/model";
import type { AwsStack } from "../../components/plan/aws/stack";
import { account, awsSettings, recordAws } from "../plan/aws/world";
import { AwsEngine, doings, nameOf } from "../support/awsEngine";
import { REGISTRY_PASSWORD } from "../support/awsStandIn/invokes";

const INSTANCE = "aws:ec2/instance:Instance";
const VOLUME = "aws:ebs/volume:Volume";
const ATTACHMENT = "aws:ec2/volumeAttachment:VolumeAttachment";
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJteLZlAwV+gOATsyRvvCOuar86cIXBzI8/8670yaeNU";
const OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEBvh2twEGTMynhdXvTfNdDGgu/bmnpy497rhn4oX1RG";

const user = (name: string, key = KEY) => ({ name, sshKeys: [`${key} ${name}@laptop`] });

/** Two people share a host of four GPUs; what was recorded once stays. */
const start = recordAws(
  awsSettings([user("ada"), user("bob")], {
    accounts: ["111122223333"],
    hosts: { ladder: [{ type: "g6.12xlarge" }] },
  }),
  account(),
);
const withUsers = (users: readonly { name: string; sshKeys: string[] }[]): AwsStack => ({
  ...start,
  users,
});
const plan = (settings: AwsStack, time?: string): AwsPlan =>
  makeAwsPlan(settings, account(time === undefined ? {} : { time }));

/** What brings another document into force, and all of it. */
const NEW_DOCUMENT = [
  "create-replacement gpudev-host-0-apply",
  "delete-replaced gpudev-host-0-apply",
  "replace gpudev-host-0-apply",
  "update gpudev-host-0-document",
];

/**
 * Day-two changes of one stack on Pulumi's real engine. AWS is a stand-in that holds state and knows which
 * changes replace: this shows what the engine is asked for and in which order, not that AWS takes it.
 */
describe("a shared host on the real engine", () => {
  let engine: AwsEngine;
  const instanceIds = () => engine.account.all(INSTANCE).map(([id]) => id);
  const volumeIds = () => engine.account.all(VOLUME).map(([id]) => id);

  beforeAll(async () => {
    engine = await AwsEngine.open("team");
  });
  afterAll(() => engine.remove());

  it("comes up", async () => {
    const ran = await engine.up(plan(start));
    expect(ran.tally.errors).toEqual([]);
    expect(instanceIds()).toHaveLength(1);
    expect(volumeIds()).toHaveLength(1);
  });

  it("stays as it is the second time, what AWS says of it included", async () => {
    const ran = await engine.up(plan(start), true);
    expect(ran.failure).toBeUndefined();
    expect(Object.keys(ran.changes)).toEqual(["same"]);
  });

  it("keeps no secret in its state, and none in user data", () => {
    const text = engine.stateText();
    expect(text).not.toContain(REGISTRY_PASSWORD);
    const instance = engine.resources().find(({ type }) => type === INSTANCE);
    const userData = String(instance?.inputs?.["userData"]);
    expect(Buffer.byteLength(userData)).toBeLessThan(16_384);
    expect(userData).not.toMatch(/BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}/);
  });

  it("puts its tags on everything", () => {
    const untagged = engine
      .resources()
      .filter(({ outputs }) => outputs?.["tagsAll"] !== undefined)
      .filter(
        ({ outputs }) =>
          (outputs?.["tagsAll"] as Record<string, string>)["gpudev:stack-id"] !== "7f3k2m",
      );
    expect(untagged.map(({ urn }) => nameOf(urn))).toEqual([]);
  });

  it("takes a third person in without touching the instance or anybody else", async () => {
    const before = instanceIds();
    const ran = await engine.up(plan(withUsers([user("ada"), user("bob"), user("eve")])));
    expect(ran.tally.errors).toEqual([]);
    expect(doings(ran).toSorted()).toEqual(NEW_DOCUMENT);
    expect(instanceIds()).toEqual(before);
  });

  it("changes a key by the document alone", async () => {
    const ran = await engine.up(plan(withUsers([user("ada", OTHER), user("bob"), user("eve")])));
    expect(doings(ran).toSorted()).toEqual(NEW_DOCUMENT);
  });

  it("lets a person go and keeps the home", async () => {
    const [instances, volumes] = [instanceIds(), volumeIds()];
    const ran = await engine.up(plan(withUsers([user("ada", OTHER), user("bob")])));
    expect(doings(ran).toSorted()).toEqual(NEW_DOCUMENT);
    expect([instanceIds(), volumeIds()]).toEqual([instances, volumes]);
  });

  it("says that a stopped host cannot become ready, and does without waiting where settings say so", async () => {
    engine.account.change({ stopped: instanceIds() });
    const people = [user("ada"), user("bob")];
    const failed = await engine.up(plan(withUsers(people)));
    expect(failed.tally.errors.map(({ message }) => message).join()).toContain("is stopped");
    const patient = { ...withUsers(people), aws: { ...start.aws, wait: false } };
    expect((await engine.up(plan(patient))).failure).toBeUndefined();
    engine.account.change({ stopped: [] });
    expect((await engine.up(plan(withUsers(people)))).failure).toBeUndefined();
  });

  it("replaces the instance for another AMI: the old one first, then the homes on the new one", async () => {
    const [[before], volumes] = [instanceIds(), volumeIds()];
    const earlier = engine.account.read().log.length;
    const hosts = { ...start.aws.hosts, ami: { ...start.aws.hosts.ami, id: "ami-0new" } };
    const ran = await engine.up(
      plan({ ...withUsers([user("ada"), user("bob")]), aws: { ...start.aws, hosts } }),
    );
    expect(ran.tally.errors).toEqual([]);
    const log = engine.account.read().log.slice(earlier);
    const order = [
      `delete ${INSTANCE} gpudev-host-0-instance`,
      `create ${INSTANCE} gpudev-host-0-instance`,
      `create ${ATTACHMENT} gpudev-host-0-homes`,
    ].map((line) => log.indexOf(line));
    expect(order.every((at) => at >= 0)).toBe(true);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(instanceIds()).not.toContain(before);
    expect(volumeIds()).toEqual(volumes);
    const [, attachment] = engine.account.all(ATTACHMENT)[0] ?? [];
    expect(attachment?.inputs).toMatchObject({
      instanceId: instanceIds()[0],
      volumeId: volumes[0],
    });
  });

  it("replaces the instance to spot capacity, to another type of it, and back; homes stay", async () => {
    const volumes = volumeIds();
    const on = (type: string, market: "spot" | "on-demand"): AwsStack => ({
      ...start,
      aws: { ...start.aws, hosts: { ...start.aws.hosts, ladder: [{ type, market }] } },
    });
    const ids = [...instanceIds()];
    for (const next of [
      on("g6.12xlarge", "spot"),
      on("g6.24xlarge", "spot"),
      on("g6.24xlarge", "on-demand"),
      start,
    ]) {
      const ran = await engine.up(plan(next));
      expect(ran.tally.errors).toEqual([]);
      ids.push(...instanceIds());
    }
    // The last is on demand, and the same machine with another type.
    expect([ids.length, new Set(ids).size]).toEqual([5, 4]);
    expect(volumeIds()).toEqual(volumes);
  });

  it("refuses to move homes to another zone", async () => {
    const homes = { ...start.aws.homes, zone: "eu-west-1b" };
    const ran = await engine.preview(plan({ ...start, aws: { ...start.aws, homes } }));
    expect(ran.tally.errors.map(({ message }) => message).join()).toContain(
      "marked for protection",
    );
  });

  it("says which type has no capacity", async () => {
    engine.account.change({ exhausted: ["g6.12xlarge"] });
    const hosts = { ...start.aws.hosts, ami: { ...start.aws.hosts.ami, id: "ami-0third" } };
    const ran = await engine.up(plan({ ...start, aws: { ...start.aws, hosts } }));
    expect(ran.tally.errors.map(({ message }) => message).join()).toContain(
      "InsufficientInstanceCapacity: We currently do not have sufficient g6.12xlarge capacity",
    );
    engine.account.change({ exhausted: [] });
    const again = await engine.up(plan({ ...start, aws: { ...start.aws, hosts } }));
    expect(again.tally.errors).toEqual([]);
    expect(instanceIds()).toHaveLength(1);
  });

  it("makes nothing in another account", async () => {
    const ran = await engine.preview({ ...plan(start), allowedAccounts: ["999988887777"] });
    expect(ran.tally.errors.map(({ message }) => message).join()).toContain(
      "AWS account ID not allowed: 111122223333",
    );
  });

  it("takes hosts away once its end is past, and keeps homes", async () => {
    const volumes = volumeIds();
    const ran = await engine.up(plan(start, "2027-01-01T00:00:00.000Z"));
    expect(ran.tally.errors).toEqual([]);
    expect([instanceIds(), volumeIds()]).toEqual([[], volumes]);
    expect((await engine.up(plan(start))).tally.errors).toEqual([]);
    expect(volumeIds()).toEqual(volumes);
  });

  it("leaves nothing but homes when it is destroyed, and goes on with them", async () => {
    const volumes = volumeIds();
    const ran = await engine.destroy();
    expect(ran.tally.errors).toEqual([]);
    const left = Object.values(engine.account.read().things);
    expect(left.map(({ name }) => name)).toEqual(["gpudev-homes-host-0"]);
    expect((await engine.up(plan(start))).tally.errors).toEqual([]);
    expect(volumeIds()).toEqual(volumes);
  });
});
