import {
  type BucketLocationConstraint,
  CreateBucketCommand,
  GetBucketEncryptionCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  PutBucketEncryptionCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { CommandFailure, ExitCode } from "../outcome";
import { withTlsOnly } from "./statePolicy";

/** A bucket for state, as it should be. */
export interface StateBucket {
  readonly name: string;
  readonly region: string;
  /** Account that it has to belong to. */
  readonly account: string;
  /** ARN of the KMS key. */
  readonly key: string;
}

/** What S3 answers to a question whose answer is "nothing"; undefined then. */
async function orNone<T>(question: Promise<T>, names: readonly string[]): Promise<T | undefined> {
  try {
    return await question;
  } catch (problem) {
    if (problem instanceof Error && names.includes(problem.name)) return undefined;
    throw problem;
  }
}

async function exists(s3: S3Client, { name, account }: StateBucket): Promise<boolean> {
  try {
    await s3.send(new HeadBucketCommand({ Bucket: name, ExpectedBucketOwner: account }));
    return true;
  } catch (problem) {
    const status = (problem as { $metadata?: { httpStatusCode?: number } }).$metadata
      ?.httpStatusCode;
    if (status === 404) return false;
    if (status !== 403 && status !== 301) throw problem;
    throw new CommandFailure(
      ExitCode.failed,
      status === 301
        ? `The bucket ${name} is in another region than the stack.`
        : `The bucket ${name} belongs to another account, or this login may not look at it.`,
      "Name another bucket as gpudev:aws.state.bucket: bucket names are the whole world's.",
    );
  }
}

async function closeToPublic(s3: S3Client, Bucket: string): Promise<string[]> {
  const closed = {
    BlockPublicAcls: true,
    BlockPublicPolicy: true,
    IgnorePublicAcls: true,
    RestrictPublicBuckets: true,
  };
  const found = await orNone(s3.send(new GetPublicAccessBlockCommand({ Bucket })), [
    "NoSuchPublicAccessBlockConfiguration",
  ]);
  const now = found?.PublicAccessBlockConfiguration ?? {};
  if (Object.keys(closed).every((key) => now[key as keyof typeof closed] === true)) return [];
  await s3.send(
    new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: closed }),
  );
  return ["closed the bucket to the public"];
}

async function allowTlsOnly(s3: S3Client, { name, region }: StateBucket): Promise<string[]> {
  const found = await orNone(s3.send(new GetBucketPolicyCommand({ Bucket: name })), [
    "NoSuchBucketPolicy",
  ]);
  const policy = withTlsOnly(region, name, found?.Policy);
  if (policy === undefined) return [];
  await s3.send(new PutBucketPolicyCommand({ Bucket: name, Policy: policy }));
  return ["let the bucket refuse unencrypted connections"];
}

async function keepVersions(s3: S3Client, Bucket: string): Promise<string[]> {
  const { Status } = await s3.send(new GetBucketVersioningCommand({ Bucket }));
  if (Status === "Enabled") return [];
  await s3.send(
    new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }),
  );
  return ["let the bucket keep versions"];
}

async function encrypt(s3: S3Client, { name, key }: StateBucket): Promise<string[]> {
  const found = await orNone(s3.send(new GetBucketEncryptionCommand({ Bucket: name })), [
    "ServerSideEncryptionConfigurationNotFoundError",
  ]);
  const [rule] = found?.ServerSideEncryptionConfiguration?.Rules ?? [];
  const now = rule?.ApplyServerSideEncryptionByDefault;
  if (now?.SSEAlgorithm === "aws:kms" && now.KMSMasterKeyID === key) return [];
  await s3.send(
    new PutBucketEncryptionCommand({
      Bucket: name,
      ServerSideEncryptionConfiguration: {
        Rules: [
          {
            ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms", KMSMasterKeyID: key },
            BucketKeyEnabled: true,
          },
        ],
      },
    }),
  );
  return ["let the bucket encrypt by the key"];
}

function locationOf(region: string): BucketLocationConstraint | undefined {
  // S3's own default has no constraint, and refuses its name.
  return region === "us-east-1" ? undefined : (region as BucketLocationConstraint);
}

/**
 * Makes the bucket where it is missing, and brings its settings to what a state needs.
 * @returns what was made or changed, in words; empty: everything was so
 * @throws CommandFailure (failed) where the name is another account's
 */
export async function ensureBucket(s3: S3Client, bucket: StateBucket): Promise<string[]> {
  const { name, region } = bucket;
  const there = await exists(s3, bucket);
  if (!there) {
    const LocationConstraint = locationOf(region);
    await s3.send(
      new CreateBucketCommand({
        Bucket: name,
        ...(LocationConstraint === undefined
          ? {}
          : { CreateBucketConfiguration: { LocationConstraint } }),
      }),
    );
  }
  // S3 takes one change of a bucket's access at a time.
  const closed = await closeToPublic(s3, name);
  const tls = await allowTlsOnly(s3, bucket);
  const versions = await keepVersions(s3, name);
  const encrypted = await encrypt(s3, bucket);
  return [
    ...(there ? [] : [`made the bucket ${name}`]),
    ...closed,
    ...tls,
    ...versions,
    ...encrypted,
  ];
}
