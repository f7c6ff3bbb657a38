/** One statement of an IAM policy, with lists where IAM takes one value or many. */
export interface Statement {
  readonly Sid: string;
  readonly Effect: "Allow" | "Deny";
  /** Only in policies of resources. */
  readonly Principal?: "*" | { readonly AWS: string };
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Conditions;
}

/** Conditions: operator, key, values. */
type Conditions = Readonly<Record<string, Readonly<Record<string, string | string[]>>>>;

/** Where ARNs lie. */
export interface Place {
  readonly region: string;
  /** Twelve digits. */
  readonly account: string;
}

/** The partition of a region, the second part of every ARN in it. */
export function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

/** ARN of something of one account in one region: `arn(place, "ssm", "document/x")`. */
export function arn({ region, account }: Place, service: string, resource: string): string {
  return `arn:${partitionOf(region)}:${service}:${region}:${account}:${resource}`;
}

/** ARN of a bucket, or of keys in it. */
export function s3Arn(region: string, bucket: string, key?: string): string {
  return `arn:${partitionOf(region)}:s3:::${bucket}${key === undefined ? "" : `/${key}`}`;
}

/** Text of a policy. */
export function policyText(statements: readonly Statement[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

/** Lets one AWS service take a role, where `account` is given only on that account's behalf. */
export function trustText(service: string, account?: string): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: `${service}.amazonaws.com` },
        Action: "sts:AssumeRole",
        ...(account === undefined
          ? {}
          : { Condition: { StringEquals: { "aws:SourceAccount": account } } }),
      },
    ],
  });
}
