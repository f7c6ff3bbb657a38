import { STACK_TAG } from "./endRunbook";
import { partitionOf, policyText, s3Arn, type Place, type Statement } from "./policy";

/** Tag of a session of the data role: the user whom its credentials are lent to. */
const USER_TAG = "gpudev:user";

/** A data set in S3, as policies speak of it. */
export interface DataGrant {
  readonly bucket: string;
  /** Empty: the whole bucket. */
  readonly prefix: string;
  /** Each user may write below `<prefix><user>/`. Default false. */
  readonly write?: boolean;
}

/** Reading data sets below their prefixes, and nothing else of their buckets. */
export function readStatements(region: string, sets: readonly DataGrant[]): Statement[] {
  if (sets.length === 0) return [];
  return [
    {
      Sid: "ReadData",
      Effect: "Allow",
      Action: ["s3:GetObject"],
      Resource: sets.map(({ bucket, prefix }) => s3Arn(region, bucket, `${prefix}*`)),
    },
    ...sets.map(({ bucket, prefix }, index): Statement => ({
      Sid: `ListData${index}`,
      Effect: "Allow",
      Action: ["s3:ListBucket"],
      Resource: [s3Arn(region, bucket)],
      Condition: { StringLike: { "s3:prefix": [prefix === "" ? "*" : `${prefix}*`] } },
    })),
  ];
}

/**
 * What a user may do with lent credentials: read the data sets and, where one is open for writing,
 * write below the own name. Whose they are is the session's tag, which the host sets and nobody
 * who has them can change.
 */
export function dataPolicy(region: string, sets: readonly DataGrant[]): string {
  const open = sets.filter(({ write }) => write === true);
  const own: Statement[] =
    open.length === 0
      ? []
      : [
          {
            Sid: "WriteOwn",
            Effect: "Allow",
            Action: ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:PutObject"],
            Resource: open.map(({ bucket, prefix }) =>
              s3Arn(region, bucket, `${prefix}\${aws:PrincipalTag/${USER_TAG}}/*`),
            ),
          },
        ];
  return policyText([...readStatements(region, sets), ...own]);
}

/** Lets the hosts of one stack, and no other role of the account, lend the role: each time to one named user. */
export function dataTrust({ region, account }: Place, stackId: string): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "HostsLend",
        Effect: "Allow",
        Principal: { AWS: `arn:${partitionOf(region)}:iam::${account}:root` },
        Action: ["sts:AssumeRole", "sts:TagSession"],
        Condition: {
          StringEquals: { [`aws:PrincipalTag/${STACK_TAG}`]: stackId },
          Null: {
            "aws:PrincipalTag/gpudev:host": "false",
            [`aws:RequestTag/${USER_TAG}`]: "false",
          },
          "ForAllValues:StringEquals": { "aws:TagKeys": [USER_TAG] },
        },
      },
    ],
  });
}
