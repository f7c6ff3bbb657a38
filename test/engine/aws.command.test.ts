import {
  DescribeInstancesCommand,
  EC2Client,
  RunInstancesCommand,
  StopInstancesCommand,
} from "@aws-sdk/client-ec2";
import { DescribeKeyCommand, GetKeyRotationStatusCommand, KMSClient } from "@aws-sdk/client-kms";
import {
  GetBucketEncryptionCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetPublicAccessBlockCommand,
} from "@aws-sdk/client-s3";
import {
  GetParametersByPathCommand,
  ParameterType,
  PutParameterCommand,
  SSMClient,
} from "@aws-sdk/client-ssm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { CLIENT, DrivenStack, INSTANCE, VOLUME } from "../support/awsCommand";
import { spotHost, spotRequests } from "../support/awsSpot";
import { startMoto, type Moto } from "../support/moto";

const KEYS = {
  ada: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJteLZlAwV+gOATsyRvvCOuar86cIXBzI8/8670yaeNU",
  bob: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEBvh2twEGTMynhdXvTfNdDGgu/bmnpy497rhn4oX1RG",
  eve: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGlO11ED4L6xwUNC5uYQ7FsXnJHAyOKqCvYDqyuaa4te",
};
const BUCKET = "gpudev-state-123456789012-us-east-1";

const stackFile = (
  ladder: readonly string[],
  users: readonly (keyof typeof KEYS)[] = ["ada", "bob"],
) => `# The team's stack.
config:
  gpudev:target: aws # on EC2
  gpudev:docker: { provider: official } # the engine's own plugins
  gpudev:users:
${users.map((name) => `    - { name: ${name}, sshKeys: ["${KEYS[name]}"] }`).join("\n")}

  # What it stands on.
  gpudev:aws:
    region: us-east-1
    hosts:
      ami: { kind: ubuntu, id: ami-1e749f67 } # one that moto has
      # From the best to what will do.
      ladder:
${ladder.map((rung) => `        - ${rung}`).join("\n")}
`;

/** What somebody wrote into a stack file that is no setting. */
const COMMENTS = [
  "# The team's stack.",
  "gpudev:target: aws # on EC2",
  "# What it stands on.",
  "# one that moto has",
  "# From the best to what will do.",
];

interface Config {
  readonly "gpudev:aws": {
    readonly hosts: { readonly rung?: number };
    readonly homes: { readonly zone?: string };
    readonly state: Readonly<Record<string, unknown>>;
  };
  readonly "gpudev:seats": Readonly<Record<string, unknown>>;
  readonly "gpudev:lifetime": { readonly until?: string };
}
const configOf = (text: string) => (parse(text) as { config: Config }).config;

/**
 * The built command, the real engine and CLI. moto's S3 and KMS hold the state; a stand-in holds the resources.
 * They are two accounts, so what the command asks of EC2 is not what the engine made, verdicts are written by
 * the test in a host's place, and no policy is judged.
 */
describe("the command on a stack on AWS", () => {
  let moto: Moto;
  let stack: DrivenStack;

  const stackId = () => String(configOf(stack.read())["gpudev:seats"]["id"]);
  const ssm = () => new SSMClient({ ...CLIENT, endpoint: moto.url });
  const publish = async (...names: string[]) => {
    for (const name of names)
      await ssm().send(
        new PutParameterCommand({
          Name: `/gpudev/${stackId()}/host-0/${name}`,
          Value: "published",
          Type: ParameterType.SECURE_STRING,
        }),
      );
  };
  const published = async () => {
    const Path = `/gpudev/${stackId()}`;
    const asked = new GetParametersByPathCommand({ Path, Recursive: true });
    return ((await ssm().send(asked)).Parameters ?? []).map(({ Name }) => Name);
  };

  beforeAll(async () => {
    moto = await startMoto();
    stack = new DrivenStack("team", moto.url);
    stack.write(stackFile(["{ type: g6.12xlarge }", "{ type: g5.12xlarge }"]));
  });
  afterAll(async () => {
    stack.cleanUp();
    await moto.stop();
  });

  it("refuses state in a folder of this machine, and names the mend", async () => {
    const text = stack.read();
    for (const changes of [{}, { PULUMI_BACKEND_URL: "file:///nowhere" }]) {
      const ended = await stack.runIn(changes, "up", "--json");
      const printed = JSON.parse(ended.stdout) as {
        findings: { code: string; path: string; mend: string }[];
      };
      const found = printed.findings.find(({ code }) => code === "state-local");
      expect(ended.code).toBe(2);
      expect(found?.path).toBe("gpudev:aws.state.allowLocal");
      expect(found?.mend).toContain("gpudev init");
    }
    expect(stack.read()).toBe(text);
    expect(stack.account.read().log).toEqual([]);
  });

  it("asks for a login where there is none", async () => {
    const nobody = { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" };
    const ended = await stack.runIn(nobody, "init", "--json");
    expect(ended.code).toBe(3);
    expect((JSON.parse(ended.stdout) as { error: { mend: string } }).error.mend).toContain(
      "aws sso login",
    );
  });

  it("makes the bucket and the key, once", async () => {
    const printed = await stack.json("init");
    expect(printed).toMatchObject({ ok: true, bucket: BUCKET, key: "alias/gpudev-state" });
    const { s3 } = stack;
    const kms = new KMSClient({ ...CLIENT, endpoint: moto.url });
    const key = await kms.send(new DescribeKeyCommand({ KeyId: "alias/gpudev-state" }));
    const KeyId = key.KeyMetadata?.KeyId ?? "";
    const rotation = await kms.send(new GetKeyRotationStatusCommand({ KeyId }));
    expect(rotation.KeyRotationEnabled).toBe(true);
    const versions = await s3.send(new GetBucketVersioningCommand({ Bucket: BUCKET }));
    expect(versions.Status).toBe("Enabled");
    const closed = await s3.send(new GetPublicAccessBlockCommand({ Bucket: BUCKET }));
    expect(closed.PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
    const encryption = await s3.send(new GetBucketEncryptionCommand({ Bucket: BUCKET }));
    expect(encryption.ServerSideEncryptionConfiguration?.Rules).toMatchObject([
      {
        ApplyServerSideEncryptionByDefault: {
          SSEAlgorithm: "aws:kms",
          KMSMasterKeyID: key.KeyMetadata?.Arn,
        },
        BucketKeyEnabled: true,
      },
    ]);
    const { Policy = "" } = await s3.send(new GetBucketPolicyCommand({ Bucket: BUCKET }));
    expect((JSON.parse(Policy) as { Statement: unknown[] }).Statement).toEqual([
      expect.objectContaining({
        Effect: "Deny",
        Principal: "*",
        Action: ["s3:*"],
        Resource: [`arn:aws:s3:::${BUCKET}`, `arn:aws:s3:::${BUCKET}/*`],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      }),
    ]);
    const text = stack.read();
    expect(COMMENTS.filter((comment) => !text.includes(comment))).toEqual([]);
    expect(configOf(text)["gpudev:aws"].state).toEqual({
      bucket: BUCKET,
      key: "alias/gpudev-state",
    });
    expect((parse(text) as { secretsprovider: string }).secretsprovider).toBe(
      "awskms:///alias/gpudev-state?region=us-east-1&awssdk=v2",
    );
    expect(await stack.init()).toMatchObject({ ok: true, did: [], recorded: false });
    expect(stack.read()).toBe(text);
  });

  it("brings the stack up, and does not call a host ready that has said nothing", async () => {
    const printed = await stack.json("up");
    expect(printed).toMatchObject({
      ok: false,
      exitCode: 1,
      verdicts: [{ host: "host-0", ready: false, words: ["host-0 has said nothing yet."] }],
    });
    expect(stack.ids(INSTANCE)).toHaveLength(1);
    const text = stack.read();
    expect(COMMENTS.filter((comment) => !text.includes(comment))).toEqual([]);
    const config = configOf(text);
    expect(config["gpudev:aws"].homes.zone).toBe("us-east-1a");
    expect(config["gpudev:lifetime"].until).toMatch(/^\d{4}-\d\d-\d\dT\d\d:00:00\+00:00$/);
    expect(Object.keys(config["gpudev:seats"])).toEqual(["id", "ada", "bob"]);
  });

  it("keeps the state in S3, with its secrets in the hands of KMS, and none of it here", async () => {
    const { Body, ServerSideEncryption } = await stack.s3.send(
      new GetObjectCommand({ Bucket: BUCKET, Key: ".pulumi/stacks/gpudev/team.json" }),
    );
    const state = JSON.parse((await Body?.transformToString()) ?? "") as {
      checkpoint: { latest: { secrets_providers: unknown; resources: unknown[] } };
    };
    expect(ServerSideEncryption).toBe("aws:kms");
    expect(state.checkpoint.latest.secrets_providers).toMatchObject({
      type: "cloud",
      state: { url: "awskms:///alias/gpudev-state?region=us-east-1&awssdk=v2" },
    });
    expect(state.checkpoint.latest.resources.length).toBeGreaterThan(10);
    expect((parse(stack.read()) as { encryptedkey: string }).encryptedkey).toMatch(
      /^[\w+/=]{40,}$/,
    );
  });

  it("changes nothing the second time, and prints the host's own words", async () => {
    await stack.say("host-0", { ready: true, words: ["host-0 is ready: ada, bob can log in."] });
    const text = stack.read();
    const before = stack.account.read().log;
    const ended = await stack.run("up");
    expect(ended.stdout).toContain("host-0 is ready: ada, bob can log in.");
    expect(ended.code).toBe(0);
    expect(ended.stdout).toMatch(/^Stack team: \d+ unchanged\.$/m);
    expect(ended.stdout).toMatch(/USD an hour while all hosts run/);
    expect(ended.stdout).toContain("gpudev open NAME");
    expect(await stack.json("up")).toMatchObject({ ok: true, changes: {} });
    expect(stack.account.read().log).toEqual(before);
    expect(stack.read()).toBe(text);
  });

  it("ends with 1 and the host's own words where it is not ready", async () => {
    await stack.say("host-0", { ready: false, words: ["The driver is 550.1; 560.0 is needed."] });
    const ended = await stack.run("up");
    expect(ended.code).toBe(1);
    expect(ended.stdout).toContain("host-0: not ready\n  The driver is 550.1; 560.0 is needed.");
    await stack.say("host-0", { ready: true, words: ["Fine."], document: "0".repeat(64) });
    const older = await stack.run("up");
    expect(older.code).toBe(1);
    expect(older.stdout).toContain("host-0 has not applied its newest document yet.");
  });

  it("takes somebody in without touching the machine, and starts it where it is stopped", async () => {
    const ec2 = new EC2Client({ ...CLIENT, endpoint: moto.url });
    const { id } = configOf(stack.read())["gpudev:seats"];
    const { Instances: [made] = [] } = await ec2.send(
      new RunInstancesCommand({
        ImageId: "ami-1e749f67",
        InstanceType: "t3.micro",
        MinCount: 1,
        MaxCount: 1,
        TagSpecifications: [
          {
            ResourceType: "instance",
            Tags: [
              { Key: "gpudev:stack-id", Value: String(id) },
              { Key: "gpudev:host", Value: "0" },
            ],
          },
        ],
      }),
    );
    const InstanceIds = [made?.InstanceId ?? ""];
    const stateOf = async () => {
      const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds }));
      return Reservations[0]?.Instances?.[0]?.State?.Name;
    };
    await ec2.send(new StopInstancesCommand({ InstanceIds }));
    const asleep = await stack.json("up");
    expect(asleep).toMatchObject({ ok: true, changes: {}, verdicts: [{ stopped: true }] });
    expect(await stateOf()).toBe("stopped");

    const before = stack.ids(INSTANCE);
    await stack.json("add", "eve", "--key", `${KEYS.eve} eve@laptop`);
    const printed = await stack.json("up");
    expect(printed.changes).toMatchObject({ update: 1, replace: 1 });
    expect(stack.ids(INSTANCE)).toEqual(before);
    expect(await stateOf()).toBe("running");
  });

  // moto says of every command that it succeeded; what a host does is tested in test/host/python.
  it("lets the host delete a leaver's home on a shared volume", async () => {
    const volumes = stack.ids(VOLUME);
    await publish("eve/token", "eve/host-key", "ada/token");
    expect((await stack.json("forget", "eve", "--yes")).exitCode).toBe(2);
    await stack.json("remove", "eve");
    await stack.json("up");
    expect(await published()).toHaveLength(3);
    expect((await stack.json("forget", "eve")).exitCode).toBe(2);
    expect(await stack.json("forget", "eve", "--yes")).toMatchObject({ deleted: "folder" });
    expect(Object.keys(configOf(stack.read())["gpudev:seats"])).toEqual(["id", "ada", "bob"]);
    expect(stack.ids(VOLUME)).toEqual(volumes);
    expect(await published()).toEqual([`/gpudev/${stackId()}/host-0/ada/token`]);
  });

  it("explains a change that would drop homes, in preview and before up, and makes nothing of it", async () => {
    const text = stack.read();
    stack.write(text.replace("zone: us-east-1a", "zone: us-east-1b"));
    const before = stack.account.read().log;
    for (const command of ["preview", "up"]) {
      const printed = await stack.json(command);
      expect(printed.exitCode).toBe(2);
      const found = printed.findings.find(({ code }) => code === "home-dropped");
      expect(found).toMatchObject({
        path: "gpudev:aws.homes",
        message: expect.stringContaining("gpudev-homes-host-0") as string,
      });
    }
    expect(stack.account.read().log).toEqual(before);
    stack.write(text);
  });

  it("previews who sits where, what it costs and what would change", async () => {
    const ended = await stack.run("preview");
    expect(ended.code).toBe(0);
    expect(ended.stdout).toMatch(/ada +host-0 +0 +g6\.12xlarge +on-demand +us-east-1a/);
    expect(ended.stdout).toMatch(/USD a day .*\n[\d.]+ USD until the end/);
    expect(ended.stdout).toMatch(/Prices of \d{4}-\d\d-\d\d/);
    expect(ended.stdout).toMatch(/Changes: \d+ unchanged\./);
  });

  it("takes the hosts away past the end, and keeps the homes", async () => {
    const text = stack.read();
    const volumes = stack.ids(VOLUME);
    const ec2 = new EC2Client({ ...CLIENT, endpoint: moto.url });
    await spotHost(ec2, stackId(), 0);
    const [other, another] = [await spotHost(ec2, stackId(), 7), await spotHost(ec2, "zzzzzz", 0)];
    stack.write(text.replace(/until: .*/, 'until: "2020-01-01T00:00:00+00:00"'));
    const ended = await stack.run("up");
    expect(ended.code).toBe(0);
    expect(ended.stderr).toContain("Cancelled the Spot requests of host-0");
    // That of a host that does not go stays, and so does another stack's.
    expect((await spotRequests(ec2)).toSorted()).toEqual([other, another].toSorted());
    expect(ended.stdout).toContain("is past: it has no hosts any more, and the homes stay");
    expect([stack.ids(INSTANCE), stack.ids(VOLUME)]).toEqual([[], volumes]);
    stack.write(text);
  });

  it("destroys all but homes, and says what they cost", async () => {
    const volumes = stack.ids(VOLUME);
    const ec2 = new EC2Client({ ...CLIENT, endpoint: moto.url });
    expect(await spotRequests(ec2)).toHaveLength(2);
    // More than SSM takes at once.
    await publish(...Array.from({ length: 11 }, (_, index) => `user${index}/token`));
    const ended = await stack.run("destroy", "--yes");
    expect(ended.code).toBe(0);
    expect(await spotRequests(ec2)).toHaveLength(1);
    expect(await published()).toEqual([]);
    expect(ended.stdout).toContain(`gpudev-homes-host-0 (${volumes[0] ?? ""}, 400 GiB)`);
    expect(ended.stdout).toMatch(/about 52\.00 USD a month/);
    const left = Object.values(stack.account.read().things).map(({ name }) => name);
    expect(left).toEqual(["gpudev-homes-host-0"]);
  });
});

describe("the ladder", () => {
  let moto: Moto;
  let stack: DrivenStack;
  const RUNGS = [
    "{ type: g6.12xlarge, market: spot, zone: us-east-1a }",
    "{ type: g6.12xlarge, zone: us-east-1b }",
    "{ type: g5.12xlarge, zone: us-east-1c }",
    "{ type: g5.12xlarge, market: spot }",
    "{ type: g5.12xlarge } # what there always is",
  ];
  const place = () => {
    const [, instance] = stack.account.all(INSTANCE)[0] ?? [];
    const { instanceType, availabilityZone } = instance?.inputs ?? {};
    return [instanceType, availabilityZone];
  };

  beforeAll(async () => {
    moto = await startMoto();
    stack = new DrivenStack("ladder", moto.url);
    stack.write(stackFile(RUNGS, ["ada"]));
    await stack.init();
  });
  afterAll(async () => {
    stack.cleanUp();
    await moto.stop();
  });

  it("is gone down where there is no capacity, into another zone while no home is in use", async () => {
    stack.account.change({ exhausted: ["g6.12xlarge spot in us-east-1a"] });
    const ended = await stack.run("up");
    expect(ended.stderr).toContain(
      "AWS has no g6.12xlarge spot in us-east-1a now (InsufficientInstanceCapacity): going on with g6.12xlarge on-demand in us-east-1b.",
    );
    expect(place()).toEqual(["g6.12xlarge", "us-east-1b"]);
    const zones = stack.account.all(VOLUME).map(([, { inputs }]) => inputs["availabilityZone"]);
    expect(zones).toEqual(["us-east-1b"]);
    const text = stack.read();
    const { hosts, homes } = configOf(text)["gpudev:aws"];
    expect([hosts.rung, homes.zone]).toEqual([1, "us-east-1b"]);
    const kept = [...COMMENTS, "# what there always is"];
    expect(kept.filter((comment) => !text.includes(comment))).toEqual([]);
  });

  it("stays in the homes' zone once there are homes", async () => {
    const volumes = stack.ids(VOLUME);
    stack.account.change({ exhausted: ["g6.12xlarge", "g5.12xlarge spot"] });
    stack.write(stack.read().replace("ami-1e749f67", "ami-785db401"));
    const ended = await stack.run("up");
    expect(ended.stderr).toContain("going on with g5.12xlarge spot in us-east-1b.");
    expect(ended.stderr).toContain("going on with g5.12xlarge on-demand in us-east-1b.");
    expect(place()).toEqual(["g5.12xlarge", "us-east-1b"]);
    expect(stack.ids(VOLUME)).toEqual(volumes);
    expect(configOf(stack.read())["gpudev:aws"].hosts.rung).toBe(4);
  });

  it("ends with what was tried", async () => {
    stack.account.change({ exhausted: ["g6.12xlarge", "g5.12xlarge"] });
    stack.write(stack.read().replace("ami-785db401", "ami-1e749f67").replace("rung: 4", "rung: 1"));
    const printed = await stack.json("up");
    expect(printed.exitCode).toBe(1);
    expect(printed.error?.message).toBe(
      [
        "AWS has no capacity for any step of the ladder. Tried:",
        "g6.12xlarge on-demand in us-east-1b (InsufficientInstanceCapacity);",
        "g5.12xlarge spot in us-east-1b (InsufficientInstanceCapacity);",
        "g5.12xlarge on-demand in us-east-1b (InsufficientInstanceCapacity).",
      ].join(" "),
    );
    expect(configOf(stack.read())["gpudev:aws"].hosts.rung).toBe(1);
  });

  it("forgets the home of somebody who has left, and only then", async () => {
    expect((await stack.run("destroy", "--yes")).code).toBe(0);
    expect((await stack.json("forget", "ada", "--yes")).exitCode).toBe(2);
    expect(stack.ids(VOLUME)).toHaveLength(1);
    await stack.json("remove", "ada");
    expect(await stack.json("forget", "ada", "--yes")).toMatchObject({ ok: true });
    expect(stack.ids(VOLUME)).toEqual([]);
    expect(Object.keys(configOf(stack.read())["gpudev:seats"])).toEqual(["id"]);
  });
});
