import { type ChildProcess, spawn } from "node:child_process";
import * as net from "node:net";
import {
  CreateRouteCommand,
  CreateSubnetCommand,
  CreateTagsCommand,
  CreateVolumeCommand,
  CreateInternetGatewayCommand,
  AttachInternetGatewayCommand,
  CreateVpcCommand,
  CreateVpcEndpointCommand,
  DescribeImagesCommand,
  DescribeRouteTablesCommand,
  EC2Client,
  RunInstancesCommand,
} from "@aws-sdk/client-ec2";
import { CreateRepositoryCommand, ECRClient } from "@aws-sdk/client-ecr";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readAwsLookups } from "../../components/lookups/aws/readAwsLookups";
import { awsSettings, ID } from "../plan/aws/world";

const REGION = "eu-west-1";

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

async function answers(url: string): Promise<void> {
  for (let attempt = 0; attempt < 240; attempt += 1) {
    try {
      await fetch(url);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
  throw new Error(`nothing answers at ${url}`);
}

/**
 * Each question to AWS, by AWS's own client, to moto: names, paging and what is made of an answer. moto knows no
 * rights, and its quotas are its own.
 */
describe("what is asked of AWS, with moto in its place", () => {
  let moto: ChildProcess;
  const before = { ...process.env };

  beforeAll(async () => {
    const port = await freePort();
    moto = spawn("moto_server", ["-H", "127.0.0.1", "-p", `${port}`], { stdio: "ignore" });
    const url = `http://127.0.0.1:${port}`;
    await answers(url);
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    });
  });
  afterAll(() => {
    moto.kill();
    process.env = before;
  });

  it("is the account, zones, volumes, instances, VPCs and repository that are there", async () => {
    const ec2 = new EC2Client({ region: REGION });
    const tags = (Tags: Record<string, string>) =>
      Object.entries(Tags).map(([Key, Value]) => ({ Key, Value }));
    const { VolumeId = "" } = await ec2.send(
      new CreateVolumeCommand({
        AvailabilityZone: "eu-west-1b",
        Size: 100,
        TagSpecifications: [
          { ResourceType: "volume", Tags: tags({ "gpudev:homes": ID, "gpudev:host": "0" }) },
        ],
      }),
    );
    const { Images: [image] = [] } = await ec2.send(new DescribeImagesCommand({}));
    await ec2.send(
      new RunInstancesCommand({
        ImageId: image?.ImageId ?? "",
        InstanceType: "g6.xlarge",
        MinCount: 1,
        MaxCount: 1,
        TagSpecifications: [
          { ResourceType: "instance", Tags: tags({ "gpudev:stack-id": "other" }) },
        ],
      }),
    );
    await new ECRClient({ region: REGION }).send(
      new CreateRepositoryCommand({ repositoryName: "ml/pytorch" }),
    );
    const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.9.0.0/16" }));
    const vpcId = Vpc?.VpcId ?? "";
    await ec2.send(new CreateTagsCommand({ Resources: [vpcId], Tags: tags({ Name: "research" }) }));
    const { Subnet } = await ec2.send(
      new CreateSubnetCommand({
        VpcId: vpcId,
        CidrBlock: "10.9.1.0/24",
        AvailabilityZone: "eu-west-1a",
      }),
    );
    const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand({}));
    const GatewayId = InternetGateway?.InternetGatewayId ?? "";
    await ec2.send(
      new AttachInternetGatewayCommand({ VpcId: vpcId, InternetGatewayId: GatewayId }),
    );
    const { RouteTables: [table] = [] } = await ec2.send(
      new DescribeRouteTablesCommand({ Filters: [{ Name: "vpc-id", Values: [vpcId] }] }),
    );
    await ec2.send(
      new CreateRouteCommand({
        RouteTableId: table?.RouteTableId ?? "",
        DestinationCidrBlock: "0.0.0.0/0",
        GatewayId,
      }),
    );
    await ec2.send(
      new CreateVpcEndpointCommand({ VpcId: vpcId, ServiceName: `com.amazonaws.${REGION}.s3` }),
    );

    const settings = awsSettings(["ada"], {
      region: REGION,
      network: { vpcId },
      image: { repository: "ml/pytorch" },
      hosts: { ladder: [{ type: "g4dn.xlarge" }, { type: "p3.2xlarge", market: "spot" }] },
    });
    const found = await readAwsLookups(settings);

    expect(found.account).toEqual({
      known: true,
      value: { id: "123456789012", arn: "arn:aws:sts::123456789012:user/moto" },
    });
    expect(found.zones).toEqual({ known: true, value: ["eu-west-1a", "eu-west-1b", "eu-west-1c"] });
    expect(found.volumes).toEqual({
      known: true,
      value: [{ id: VolumeId, zone: "eu-west-1b", host: 0, sizeGiB: 100 }],
    });
    expect(found.instances).toEqual({
      known: true,
      value: [
        {
          id: expect.stringMatching(/^i-/) as string,
          type: "g6.xlarge",
          zone: "eu-west-1a",
          market: "on-demand",
          vcpus: 4,
          stackId: "other",
        },
      ],
    });
    expect(found.repository).toEqual({ known: true, value: true });
    expect(found.vpc).toEqual({
      known: true,
      value: {
        id: vpcId,
        name: "research",
        ranges: ["10.9.0.0/16"],
        subnets: [
          {
            id: Subnet?.SubnetId,
            zone: "eu-west-1a",
            cidr: "10.9.1.0/24",
            defaultRoute: "internet-gateway",
            publicAddresses: false,
          },
        ],
        endpoints: ["s3"],
        dnsSupport: true,
      },
    });
    expect(Object.keys(found.offerings.known ? found.offerings.value : {})).toEqual([
      "g4dn.xlarge",
      "p3.2xlarge",
    ]);
    expect(Object.keys(found.quotas)).toEqual(["L-7212CCBC", "L-DB2E81BA"]);
  });

  it("says of what is not there that it is not, and of what it cannot ask why", async () => {
    const settings = awsSettings(["ada"], {
      region: REGION,
      network: { vpcId: "vpc-0abc" },
      image: { repository: "ml/other" },
    });
    const found = await readAwsLookups(settings);
    expect(found.vpc).toEqual({ known: true, value: undefined });
    expect(found.repository).toEqual({ known: true, value: false });
    expect(found.ami).toMatchObject({
      known: false,
      because: expect.stringMatching(/^ParameterNotFound/) as string,
    });
  });

  it("is nothing where nobody answers", async () => {
    const url = process.env.AWS_ENDPOINT_URL;
    process.env.AWS_ENDPOINT_URL = "http://127.0.0.1:1";
    try {
      const found = await readAwsLookups(awsSettings(["ada"], { region: REGION }));
      const because = "connect ECONNREFUSED 127.0.0.1:1";
      expect(found.account).toEqual({ known: false, because });
      expect(found.zones).toEqual({ known: false, because });
      expect(found.quotas).toEqual({ "L-DB2E81BA": { known: false, because } });
    } finally {
      if (url !== undefined) process.env.AWS_ENDPOINT_URL = url;
    }
  });
});
