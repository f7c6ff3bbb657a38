import { describe, expect, it } from "vitest";
import { Access, type AccessArgs } from "../../components/aws/access";
import { repositoryArnOf } from "../../components/aws/repositoryArn";
import { sessionDocument } from "../../components/aws/sessionDocuments";
import {
  ANYBODY,
  holdsPolicies,
  principalOf,
  tunnelPolicy,
  type Tunnel,
} from "../../components/aws/tunnelPolicy";
import { awsRegistered, namesOf, ofType } from "../support/awsRegistered";

const tunnel: Tunnel = {
  region: "eu-west-1",
  account: "111122223333",
  stackId: "7f3k2m",
  host: 1,
  documents: ["gpudev-team-7f3k2m-jupyter-2", "gpudev-team-7f3k2m-ssh-2"],
  parameters: "/gpudev/7f3k2m/host-1/ada",
  principal: { kind: "user", name: "ada" },
};

describe("a Session document", () => {
  it("has one port for SSH, and speaks over the session itself", () => {
    const document = { name: "n", service: "ssh", slot: 2, port: 2224 } as const;
    expect(JSON.parse(sessionDocument(document))).toEqual({
      schemaVersion: "1.0",
      description: "gpudev: SSH of slot 2",
      sessionType: "Port",
      properties: { portNumber: "2224" },
    });
  });

  it("has one port for Jupyter; the caller chooses only the own one", () => {
    const document = { name: "n", service: "jupyter", slot: 2, port: 8890 } as const;
    expect(JSON.parse(sessionDocument(document))).toMatchObject({
      sessionType: "Port",
      parameters: { localPortNumber: { allowedPattern: "^(0|[1-9][0-9]{0,4})$", default: "0" } },
      properties: {
        portNumber: "8890",
        type: "LocalPortForwarding",
        localPortNumber: "{{ localPortNumber }}",
      },
    });
  });
});

describe("a user's policy", () => {
  it("permits exactly the own tunnel, the own sessions and the own token", () => {
    const checked = { BoolIfExists: { "ssm:SessionDocumentAccessCheck": "true" } };
    expect(JSON.parse(tunnelPolicy(tunnel))).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "OwnHost",
          Effect: "Allow",
          Action: ["ssm:StartSession"],
          Resource: ["arn:aws:ec2:eu-west-1:111122223333:instance/*"],
          Condition: {
            StringEquals: {
              "ssm:resourceTag/gpudev:stack-id": "7f3k2m",
              "ssm:resourceTag/gpudev:host": "1",
            },
            ...checked,
          },
        },
        {
          Sid: "OwnPorts",
          Effect: "Allow",
          Action: ["ssm:StartSession"],
          Resource: [
            "arn:aws:ssm:eu-west-1:111122223333:document/gpudev-team-7f3k2m-jupyter-2",
            "arn:aws:ssm:eu-west-1:111122223333:document/gpudev-team-7f3k2m-ssh-2",
          ],
          Condition: checked,
        },
        {
          Sid: "OwnSessions",
          Effect: "Allow",
          Action: ["ssm:ResumeSession", "ssm:TerminateSession", "ssmmessages:OpenDataChannel"],
          Resource: ["arn:aws:ssm:eu-west-1:111122223333:session/${aws:username}-*"],
        },
        {
          Sid: "OwnToken",
          Effect: "Allow",
          Action: ["ssm:GetParameter"],
          Resource: ["arn:aws:ssm:eu-west-1:111122223333:parameter/gpudev/7f3k2m/host-1/ada/*"],
        },
      ],
    });
  });

  it("holds for one person of a role that many take", () => {
    const principal = { kind: "session", name: "AWSReservedSSO_ml", session: "ada@x.org" } as const;
    const { Statement } = JSON.parse(tunnelPolicy({ ...tunnel, principal })) as {
      Statement: { Condition: unknown; Resource: string[] }[];
    };
    for (const { Condition } of Statement) {
      expect(Condition).toMatchObject({ StringLike: { "aws:userid": "*:ada@x.org" } });
    }
    expect(Statement[2]?.Resource[0]).toMatch(/session\/\$\{aws:userid\}-\*$/);
  });

  const taken = { kind: "session", name: "AWSReservedSSO_ml", session: "ada@x.org" } as const;
  it.each([
    ["a role", { kind: "role", name: "ml" } as const, {}],
    ["nobody in particular", ANYBODY, {}],
    ["one session of a role", taken, { "aws:userid": "*:ada@x.org" }],
  ])("knows the own sessions of %s by AWS's own tag", (_, principal, person) => {
    const { Statement } = JSON.parse(tunnelPolicy({ ...tunnel, principal })) as {
      Statement: { Sid: string }[];
    };
    expect(Statement.map(({ Sid }) => Sid)).toEqual([
      "OwnHost",
      "OwnPorts",
      "OwnSessions",
      "OwnTaggedSessions",
      "OwnToken",
    ]);
    expect(Statement[3]).toEqual({
      Sid: "OwnTaggedSessions",
      Effect: "Allow",
      Action: ["ssm:ResumeSession", "ssm:TerminateSession"],
      Resource: ["arn:aws:ssm:eu-west-1:111122223333:session/*"],
      Condition: {
        StringLike: { ...person, "ssm:resourceTag/aws:ssmmessages:session-id": "${aws:userid}" },
      },
    });
  });

  it("fits into what IAM takes, with the longest names: 2,048 characters of a user's inline policies", () => {
    const long: Tunnel = {
      ...tunnel,
      region: "us-gov-west-1",
      host: 999,
      documents: ["jupyter-99", "ssh-99"].map((end) => `gpudev-${"x".repeat(100)}-7f3k2m-${end}`),
      parameters: `/gpudev/7f3k2m/host-999/${"x".repeat(32)}`,
    };
    expect(tunnelPolicy(long).length).toBeLessThanOrEqual(2048);
    const principal = { ...taken, session: "x".repeat(64) };
    expect(tunnelPolicy({ ...long, principal }).length).toBeLessThanOrEqual(10_240);
  });

  it("names no document of AWS's own, neither shells nor free port forwarding", () => {
    expect(tunnelPolicy(tunnel)).not.toMatch(/document\/(AWS-|SSM-)|document\/\*/);
  });
});

describe("a principal", () => {
  it.each([
    ["arn:aws:iam::111122223333:user/ada", { kind: "user", name: "ada" }, true],
    ["arn:aws:iam::111122223333:user/team/ada", { kind: "user", name: "ada" }, true],
    ["arn:aws:iam::111122223333:role/ml", { kind: "role", name: "ml" }, true],
    [
      "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_ml_1",
      { kind: "role", name: "AWSReservedSSO_ml_1" },
      false,
    ],
    [
      "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_ml_1/ada@x.org",
      { kind: "session", name: "AWSReservedSSO_ml_1", session: "ada@x.org" },
      false,
    ],
  ])("%s", (text, principal, holds) => {
    const read = principalOf(text);
    expect(read).toEqual(principal);
    expect(holdsPolicies(read ?? ANYBODY)).toBe(holds);
  });

  it("of another service is nobody that a policy is attached to", () => {
    expect(principalOf("arn:aws:identitystore:::user/1234")).toBeUndefined();
  });
});

describe("the ways in", () => {
  const documents = [0, 1].flatMap((slot) => [
    { name: `p-jupyter-${slot}`, service: "jupyter", slot, port: 8888 + slot } as const,
    { name: `p-ssh-${slot}`, service: "ssh", slot, port: 2222 + slot } as const,
  ]);
  const args: AccessArgs = {
    region: "eu-west-1",
    account: "111122223333",
    stackId: "7f3k2m",
    documents,
    principals: {
      ada: "arn:aws:iam::111122223333:user/ada",
      bob: "arn:aws:iam::111122223333:role/bob",
      eve: "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_ml/eve",
    },
    users: ["ada", "bob", "eve", "zoe"].map((user, index) => ({
      user,
      slot: index % 2,
      host: Math.floor(index / 2),
      parameters: `/gpudev/7f3k2m/host-${Math.floor(index / 2)}/${user}`,
    })),
  };
  const program = () => new Access("access", args).policies;

  it("are one document for each slot and service, and a policy for who can hold one", async () => {
    const { asked } = await awsRegistered(program);
    expect(namesOf(asked)).toEqual([
      "Document access-jupyter-0",
      "Document access-jupyter-1",
      "Document access-ssh-0",
      "Document access-ssh-1",
      "RolePolicy access-bob",
      "UserPolicy access-ada",
    ]);
    for (const document of ofType(asked, "ssm/document:Document")) {
      expect(document).toMatchObject({
        deleteBeforeReplace: true,
        replaceOnChanges: ["content"],
        inputs: { documentType: "Session" },
      });
    }
  });

  it("tell everybody's policy, each with the own documents", async () => {
    const { value } = await awsRegistered(program);
    expect(Object.keys(value ?? {})).toEqual(["ada", "bob", "eve", "zoe"]);
    expect(value?.["zoe"]).toContain("document/p-ssh-1");
    expect(value?.["zoe"]).not.toContain("document/p-ssh-0");
    expect(value?.["zoe"]).toContain("parameter/gpudev/7f3k2m/host-1/zoe/*");
  });
});

describe("the repository of an image", () => {
  const digest = `sha256:${"0".repeat(64)}`;
  it.each([
    [
      `111122223333.dkr.ecr.eu-west-1.amazonaws.com/a/b@${digest}`,
      "arn:aws:ecr:eu-west-1:111122223333:repository/a/b",
    ],
    [
      `111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/a:1@${digest}`,
      "arn:aws-cn:ecr:cn-north-1:111122223333:repository/a",
    ],
    [`registry.example.com/a/b@${digest}`, undefined],
  ])("%s", (image, arn) => {
    expect(repositoryArnOf(image)).toBe(arn);
  });
});
