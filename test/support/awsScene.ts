import {
  CreateTagsCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  EC2Client,
  RunInstancesCommand,
  StopInstancesCommand,
} from "@aws-sdk/client-ec2";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { sessionDocument } from "../../components/aws/sessionDocuments";
import { switchDocument } from "../../components/aws/switchDocument";
import { principalOf, tunnelPolicy } from "../../components/aws/tunnelPolicy";
import { AwsFront, MOTO_ACCOUNT } from "./awsFront";
import { AwsProject } from "./awsProject";
import { startMoto, type Moto } from "./moto";

const REGION = "eu-west-1";
const ID = "7f3k2m";
const STACK = "reach";
const PREFIX = `gpudev-${STACK}-${ID}`;
const BUCKET = "verdicts-of-reach";
/** Two users of one host, by slot. */
const USERS = ["ada", "bob"] as const;

/** What hosts publish for a user. */
export type Published = "token" | "host-key" | "instance" | "address" | "ca";

/**
 * A stack of two people on one host, as its `up` and its host would have left the account: the instance with its
 * tags, the documents, the bucket, the parameters. `ada` and `bob` are access keys with their own policies alone;
 * `engineer` may do everything.
 */
export class AwsScene {
  private readonly ec2: EC2Client;
  private readonly s3: S3Client;
  private readonly ssm: SSMClient;

  private constructor(
    private readonly moto: Moto,
    readonly front: AwsFront,
    readonly project: AwsProject,
  ) {
    const common = {
      region: REGION,
      endpoint: moto.url,
      credentials: { accessKeyId: "host", secretAccessKey: "secret" },
    };
    this.ec2 = new EC2Client(common);
    this.s3 = new S3Client({ ...common, forcePathStyle: true });
    this.ssm = new SSMClient(common);
  }

  static async open(): Promise<AwsScene> {
    const moto = await startMoto();
    const front = await AwsFront.open(moto.url, REGION);
    const scene = new AwsScene(moto, front, new AwsProject(STACK, front.url));
    scene.project.write(scene.config());
    await scene.s3.send(
      new CreateBucketCommand({
        Bucket: BUCKET,
        CreateBucketConfiguration: { LocationConstraint: REGION },
      }),
    );
    USERS.forEach((user, slot) => {
      for (const [service, port] of [
        ["jupyter", 8888 + slot],
        ["ssh", 2222 + slot],
      ] as const)
        front.documents.set(
          `${PREFIX}-${service}-${slot}`,
          sessionDocument({ name: "", service, slot, port }),
        );
      front.policies.set(user, scene.policyOf(user, slot));
    });
    front.documents.set(`${PREFIX}-switch`, switchDocument());
    return scene;
  }

  private policyOf(user: string, slot: number): string {
    const principal = principalOf(`arn:aws:iam::${MOTO_ACCOUNT}:user/${user}`);
    if (principal === undefined) throw new Error("no principal");
    return tunnelPolicy({
      region: REGION,
      account: MOTO_ACCOUNT,
      stackId: ID,
      host: 0,
      documents: [`${PREFIX}-jupyter-${slot}`, `${PREFIX}-ssh-${slot}`],
      parameters: `/gpudev/${ID}/host-0/${user}`,
      principal,
    });
  }

  /** The stack file as `gpudev up` leaves it. */
  config(): Record<string, unknown> {
    return {
      users: USERS.map((name) => ({ name })),
      lifetime: { until: "2099-12-01T18:00:00+00:00" },
      aws: {
        region: REGION,
        hosts: { ladder: [{ type: "g6.12xlarge" }], ami: { id: "ami-0123456789abcdef0" } },
        homes: { zone: `${REGION}a` },
        state: { allowLocal: true },
      },
      seats: {
        id: ID,
        ada: { slot: 0, host: 0, devices: [0] },
        bob: { slot: 1, host: 0, devices: [1] },
      },
    };
  }

  /** Makes the host's instance; a former one stays as it is. */
  async launch(): Promise<string> {
    const { Images: [image] = [] } = await this.ec2.send(new DescribeImagesCommand({}));
    const { Instances: [made] = [] } = await this.ec2.send(
      new RunInstancesCommand({
        ImageId: image?.ImageId ?? "",
        InstanceType: "g6.12xlarge",
        MinCount: 1,
        MaxCount: 1,
      }),
    );
    const id = made?.InstanceId ?? "";
    const tags = { "gpudev:stack-id": ID, "gpudev:host": "0", "gpudev:bucket": BUCKET };
    await this.ec2.send(
      new CreateTagsCommand({
        Resources: [id],
        Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      }),
    );
    this.front.instances.set(id, { tags, connected: true });
    for (const user of USERS) await this.publish(user, "instance", id);
    return id;
  }

  async publish(user: string, what: Published, Value: string): Promise<void> {
    const Name = `/gpudev/${ID}/host-0/${user}/${what}`;
    await this.ssm.send(
      new PutParameterCommand({ Name, Value, Type: "SecureString", Overwrite: true }),
    );
  }

  /** The machine is off, as after an idle stop. */
  async powerOff(id: string): Promise<void> {
    await this.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
    this.connect(id, false);
  }

  connect(id: string, connected: boolean): void {
    const found = this.front.instances.get(id);
    if (found !== undefined) found.connected = connected;
  }

  /** EC2's word for an instance. */
  async stateOf(id: string): Promise<string> {
    const { Reservations = [] } = await this.ec2.send(
      new DescribeInstancesCommand({ InstanceIds: [id] }),
    );
    return Reservations[0]?.Instances?.[0]?.State?.Name ?? "";
  }

  /** The host's verdict in the bucket. */
  async say(verdict: Readonly<Record<string, unknown>>): Promise<void> {
    const whole = {
      schema: "gpudev.verdict/1",
      host: "host-0",
      document: "d".repeat(64),
      at: new Date().toISOString(),
      ready: true,
      words: ["host-0 is ready."],
      environments: {},
      ...verdict,
    };
    await this.s3.send(
      new PutObjectCommand({
        Bucket: BUCKET,
        Key: "verdicts/host-0.json",
        Body: JSON.stringify(whole),
      }),
    );
  }

  async close(): Promise<void> {
    await this.front.close();
    await this.moto.stop();
    this.project.cleanUp();
  }
}
