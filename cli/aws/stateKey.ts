import {
  CreateAliasCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  EnableKeyRotationCommand,
  GetKeyRotationStatusCommand,
  type KeyMetadata,
  type KMSClient,
} from "@aws-sdk/client-kms";
import { CommandFailure, ExitCode } from "../outcome";

/** The KMS key of Pulumi's state. */
export interface StateKey {
  readonly arn: string;
  /** What was made or changed, in words; empty: everything was there. */
  readonly did: readonly string[];
}

async function find(kms: KMSClient, KeyId: string): Promise<KeyMetadata | undefined> {
  try {
    return (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata;
  } catch (problem) {
    if (problem instanceof Error && problem.name === "NotFoundException") return undefined;
    throw problem;
  }
}

function usable(key: KeyMetadata, name: string): void {
  if (key.KeyState === undefined || key.KeyState === "Enabled") return;
  throw new CommandFailure(
    ExitCode.failed,
    `The KMS key ${name} is ${key.KeyState}: nothing can be encrypted by it.`,
    key.KeyState === "PendingDeletion"
      ? "If a state was ever encrypted by it, cancel its deletion (aws kms cancel-key-deletion) before it is lost; else name another key as gpudev:aws.state.key."
      : "Enable it (aws kms enable-key), or name another key as gpudev:aws.state.key.",
  );
}

async function make(kms: KMSClient, name: string): Promise<KeyMetadata> {
  if (!name.startsWith("alias/"))
    throw new CommandFailure(
      ExitCode.badInput,
      `There is no KMS key ${name}.`,
      "Correct gpudev:aws.state.key; or name an alias, and gpudev makes key and alias.",
    );
  const { KeyMetadata } = await kms.send(
    new CreateKeyCommand({
      Description: "Encrypts Pulumi's state of gpudev stacks",
      Tags: [{ TagKey: "gpudev:state", TagValue: "true" }],
    }),
  );
  if (KeyMetadata?.KeyId === undefined) throw new Error("KMS made a key without an id");
  await kms.send(new CreateAliasCommand({ AliasName: name, TargetKeyId: KeyMetadata.KeyId }));
  return KeyMetadata;
}

/** Finds the key by its alias or ARN; makes it where there is none, and lets it rotate every year. */
export async function ensureKey(kms: KMSClient, name: string): Promise<StateKey> {
  const found = await find(kms, name);
  if (found !== undefined) usable(found, name);
  const key = found ?? (await make(kms, name));
  const KeyId = key.KeyId ?? name;
  const { KeyRotationEnabled } = await kms.send(new GetKeyRotationStatusCommand({ KeyId }));
  if (KeyRotationEnabled !== true) await kms.send(new EnableKeyRotationCommand({ KeyId }));
  return {
    arn: key.Arn ?? KeyId,
    did: [
      ...(found === undefined ? [`made the KMS key ${name}`] : []),
      ...(KeyRotationEnabled === true ? [] : ["let the key rotate every year"]),
    ],
  };
}
