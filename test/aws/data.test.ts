import { describe, expect, it } from "vitest";
import { DataAccess, type DataAccessArgs } from "../../components/aws/dataAccess";
import { dataPolicy, dataTrust } from "../../components/aws/dataPolicy";
import { awsRegistered, namesOf, only } from "../support/awsRegistered";

const place = { region: "eu-west-1", account: "111122223333" };
const sets = [
  { bucket: "sets", prefix: "imagenet/" },
  { bucket: "scratch", prefix: "team/", write: true },
];

interface Statement {
  readonly Sid: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
}
const statements = (text: string) =>
  (JSON.parse(text) as { readonly Statement: readonly Statement[] }).Statement;

describe("lent S3 credentials", () => {
  it("read the data sets below their prefixes, and write below the own name where a set is open", () => {
    expect(statements(dataPolicy("eu-west-1", sets))).toEqual([
      {
        Sid: "ReadData",
        Effect: "Allow",
        Action: ["s3:GetObject"],
        Resource: ["arn:aws:s3:::sets/imagenet/*", "arn:aws:s3:::scratch/team/*"],
      },
      {
        Sid: "ListData0",
        Effect: "Allow",
        Action: ["s3:ListBucket"],
        Resource: ["arn:aws:s3:::sets"],
        Condition: { StringLike: { "s3:prefix": ["imagenet/*"] } },
      },
      {
        Sid: "ListData1",
        Effect: "Allow",
        Action: ["s3:ListBucket"],
        Resource: ["arn:aws:s3:::scratch"],
        Condition: { StringLike: { "s3:prefix": ["team/*"] } },
      },
      {
        Sid: "WriteOwn",
        Effect: "Allow",
        Action: ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:PutObject"],
        Resource: ["arn:aws:s3:::scratch/team/${aws:PrincipalTag/gpudev:user}/*"],
      },
    ]);
  });

  it("write nothing where no set is open, and never reach another service", () => {
    const text = dataPolicy("eu-west-1", sets.slice(0, 1));
    expect(text).not.toMatch(/Put|Delete/);
    for (const one of [text, dataPolicy("eu-west-1", sets)]) {
      const actions = statements(one).flatMap(({ Action }) => Action);
      expect(actions.filter((action) => !action.startsWith("s3:") || action.includes("*"))).toEqual(
        [],
      );
    }
  });

  it("are lent by hosts of the stack alone, each time to one named user", () => {
    expect(JSON.parse(dataTrust(place, "7f3k2m"))).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "HostsLend",
          Effect: "Allow",
          Principal: { AWS: "arn:aws:iam::111122223333:root" },
          Action: ["sts:AssumeRole", "sts:TagSession"],
          Condition: {
            StringEquals: { "aws:PrincipalTag/gpudev:stack-id": "7f3k2m" },
            Null: {
              "aws:PrincipalTag/gpudev:host": "false",
              "aws:RequestTag/gpudev:user": "false",
            },
            "ForAllValues:StringEquals": { "aws:TagKeys": ["gpudev:user"] },
          },
        },
      ],
    });
  });
});

describe("the role that is lent", () => {
  const made = async (changes: Partial<DataAccessArgs> = {}) =>
    awsRegistered(
      () => new DataAccess("data", { ...place, stackId: "7f3k2m", data: sets, ...changes }).roleArn,
    );

  it("is one with its policy, for an hour at most, however many users there are", async () => {
    const { asked, value } = await made();
    expect(namesOf(asked)).toEqual(["Role data-role", "RolePolicy data-policy"]);
    expect(only(asked, "iam/role:Role").inputs["maxSessionDuration"]).toBe(3600);
    expect(value).toMatch(/^arn:aws:iam::111122223333:role\//);
  });

  it("stands under the permissions boundary", async () => {
    const permissionsBoundary = "arn:aws:iam::111122223333:policy/boundary";
    const { asked } = await made({ permissionsBoundary });
    expect(only(asked, "iam/role:Role").inputs).toMatchObject({ permissionsBoundary });
  });
});
