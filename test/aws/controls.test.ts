import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { TeamEnvironment } from "../../components/aws/teamEnvironment";
import { USER_DATA_LIMIT } from "../../components/aws/userData";
import { makeAwsPlan } from "../../components/plan/aws/makeAwsPlan";
import { account, exampleStack } from "../plan/aws/world";
import { awsRegistered, ofType } from "../support/awsRegistered";
import { ROOT } from "../support/gpudev";
import type { Asked } from "../support/registered";

const USER_DATA = fs.readFileSync(path.join(ROOT, "images", "host", "user-data.sh"), "utf8");
const bundle = { sha256: "b".repeat(64), file: __filename };

const made = async (stack: string) => {
  const plan = makeAwsPlan(exampleStack(stack), account());
  const program = () => new TeamEnvironment("team", { plan, bundle, userData: USER_DATA }).hosts;
  return { plan, asked: (await awsRegistered(program)).asked };
};
const policyOf = ({ inputs }: Asked) => String(inputs["policy"]);
const hostPolicies = (asked: readonly Asked[]) =>
  ofType(asked, "iam/rolePolicy:RolePolicy").filter(({ name }) => /host-\d+-policy$/.test(name));

/** Every control on what a stack is made of, held on whole stacks; what each policy says in full is held in policies.test.ts. */
describe.each(["team-vision", "research-a100", "solo-spot"])("the stack %s", (stack) => {
  it("has instances with IMDSv2 and one hop, encrypted roots, no key pair, and stop when they shut down", async () => {
    const instances = ofType((await made(stack)).asked, "ec2/instance:Instance");
    expect(instances.length).toBeGreaterThan(0);
    for (const { inputs, ignoreChanges } of instances) {
      expect(inputs).toMatchObject({
        metadataOptions: {
          httpTokens: "required",
          httpPutResponseHopLimit: 1,
          instanceMetadataTags: "disabled",
        },
        rootBlockDevice: { encrypted: true },
        instanceInitiatedShutdownBehavior: "stop",
      });
      expect(inputs).not.toHaveProperty("keyName");
      expect(ignoreChanges).toEqual(["userData"]);
    }
  });

  it("has user data well below EC2's limit, without a secret, the same for every host but for its name", async () => {
    const instances = ofType((await made(stack)).asked, "ec2/instance:Instance");
    const texts = instances.map(({ inputs }) => String(inputs["userData"]));
    for (const text of texts) {
      expect(Buffer.byteLength(text)).toBeLessThan(USER_DATA_LIMIT / 2);
      expect(text).not.toMatch(/PRIVATE KEY|A[KS]IA[0-9A-Z]{16}|password|@[A-Z]+@/);
    }
    expect(new Set(texts.map((text) => text.replaceAll(/host-\d+/g, "host-N"))).size).toBe(1);
  });

  it("opens no port to anybody: what rules there are let the stack's own groups in", async () => {
    const { asked } = await made(stack);
    const rules = ofType(asked, "vpc/securityGroupIngressRule:SecurityGroupIngressRule");
    for (const { inputs } of rules) {
      expect(inputs).not.toHaveProperty("cidrIpv4");
      expect(inputs["referencedSecurityGroupId"]).toBe("id-of-team-network-hosts");
      expect(inputs["securityGroupId"]).not.toBe("id-of-team-network-hosts");
    }
  });

  it("gives hosts inline policies alone: no managed one, no parameter to read, put rights below the own path", async () => {
    const { asked, plan } = await made(stack);
    expect(asked.filter(({ type }) => /PolicyAttachment/.test(type))).toEqual([]);
    for (const { inputs } of ofType(asked, "iam/role:Role")) {
      expect(inputs).not.toHaveProperty("managedPolicyArns");
    }
    const policies = hostPolicies(asked);
    expect(policies.length).toBe(ofType(asked, "ec2/instance:Instance").length);
    for (const one of policies) {
      const host = /host-\d+/.exec(one.name)?.[0] ?? "";
      expect(policyOf(one)).not.toMatch(/GetParameter|AmazonSSMManaged|"[a-z0-9]+:\*"/);
      const { Statement } = JSON.parse(policyOf(one)) as {
        readonly Statement: readonly { readonly Action: string[]; readonly Resource: string[] }[];
      };
      const puts = Statement.filter(({ Action }) => Action.includes("ssm:PutParameter"));
      expect(puts.map(({ Resource }) => Resource)).toEqual([
        [`arn:aws:ssm:${plan.region}:111122223333:parameter/gpudev/7f3k2m/${host}/*`],
      ]);
      const writes = Statement.filter(({ Action }) => Action.includes("s3:PutObject"));
      expect(writes.map(({ Resource }) => Resource)).toEqual([
        [`arn:aws:s3:::id-of-team-control-hosts/verdicts/${host}.json`],
      ]);
    }
  });

  it("closes its bucket to the public and to unencrypted requests", async () => {
    const { asked } = await made(stack);
    const buckets = ofType(asked, "s3/bucket:Bucket");
    const closed = ofType(asked, "s3/bucketPublicAccessBlock:BucketPublicAccessBlock");
    const policies = ofType(asked, "s3/bucketPolicy:BucketPolicy");
    expect([closed.length, policies.length]).toEqual([buckets.length, buckets.length]);
    for (const { inputs } of closed) {
      expect(inputs).toMatchObject({
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      });
    }
    for (const one of policies) expect(policyOf(one)).toContain('"aws:SecureTransport":"false"');
  });

  it("protects every home and takes snapshots or backups of all", async () => {
    const { asked, plan } = await made(stack);
    const homes = [
      ...ofType(asked, "ebs/volume:Volume"),
      ...ofType(asked, "efs/fileSystem:FileSystem"),
    ];
    expect(homes.length).toBeGreaterThan(0);
    for (const { inputs, protect } of homes) {
      expect([inputs["encrypted"], protect]).toEqual([true, true]);
    }
    for (const { inputs } of ofType(asked, "ebs/volume:Volume")) {
      expect(inputs["finalSnapshot"]).toBe(true);
    }
    const kept =
      plan.homes.kind === "volume"
        ? "dlm/lifecyclePolicy:LifecyclePolicy"
        : "efs/backupPolicy:BackupPolicy";
    expect(ofType(asked, kept)).toHaveLength(1);
  });

  it("fixes the port of every session, and grants no document of AWS's own", async () => {
    const { asked, plan } = await made(stack);
    const sessions = ofType(asked, "ssm/document:Document").filter(
      ({ inputs }) => inputs["documentType"] === "Session",
    );
    expect(sessions).toHaveLength(plan.access.documents.length);
    for (const { inputs } of sessions) {
      const { properties, parameters } = JSON.parse(String(inputs["content"])) as {
        readonly properties: { readonly portNumber: string };
        readonly parameters?: object;
      };
      expect(properties.portNumber).toMatch(/^\d+$/);
      expect(Object.keys(parameters ?? {})).not.toContain("portNumber");
    }
    for (const { inputs } of ofType(asked, "iam/userPolicy:UserPolicy")) {
      expect(String(inputs["policy"])).not.toMatch(/document\/(AWS-|SSM-)/);
    }
  });

  it("ends by one schedule that starts the runbook, where it has an end", async () => {
    const { asked, plan } = await made(stack);
    const ends = ofType(asked, "scheduler/schedule:Schedule").filter(({ inputs }) =>
      JSON.stringify(inputs["target"]).includes("startAutomationExecution"),
    );
    expect(ends).toHaveLength(plan.lifetime.until === undefined ? 0 : 1);
  });

  it("buys spot capacity as persistent and stopped on interruption, where it buys any", async () => {
    const { asked, plan } = await made(stack);
    const markets = ofType(asked, "ec2/instance:Instance").map(
      ({ inputs }) => inputs["instanceMarketOptions"],
    );
    const spot = {
      marketType: "spot",
      spotOptions: { spotInstanceType: "persistent", instanceInterruptionBehavior: "stop" },
    };
    expect(markets).toEqual(plan.hosts.map(({ market }) => (market === "spot" ? spot : undefined)));
  });
});
