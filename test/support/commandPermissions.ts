import * as fs from "node:fs";
import * as path from "node:path";
import { ROOT } from "./gpudev";

/** Rooms of the source that ask AWS themselves, by its SDK. */
const ROOMS = ["cli", path.join("components", "lookups")];

/** What IAM calls a service, where the SDK's package has another name. */
const SERVICES: Readonly<Record<string, string>> = { "service-quotas": "servicequotas" };

/** Operations whose permission has another name (Service Authorization Reference). Empty: it needs none. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  "kms:CreateKey": ["kms:CreateKey", "kms:TagResource"],
  "s3:GetBucketEncryption": ["s3:GetEncryptionConfiguration"],
  "s3:GetPublicAccessBlock": ["s3:GetBucketPublicAccessBlock"],
  "s3:HeadBucket": ["s3:ListBucket"],
  "s3:PutBucketEncryption": ["s3:PutEncryptionConfiguration"],
  "s3:PutPublicAccessBlock": ["s3:PutBucketPublicAccessBlock"],
  "sts:GetCallerIdentity": [],
};

/** What Pulumi does with its state in S3 and with the key that encrypts both. */
const STATE: readonly string[] = [
  "kms:Decrypt",
  "kms:Encrypt",
  "kms:GenerateDataKey",
  "s3:DeleteObject",
  "s3:GetObject",
  "s3:ListBucket",
  "s3:PutObject",
];

function sources(folder: string): string[] {
  return fs
    .readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => fs.readFileSync(path.join(ROOT, folder, name), "utf8"));
}

/** `ec2:StopInstances` for every operation that a file takes from the SDK: its commands, pages and waiters. */
export function operationsIn(text: string): string[] {
  const imports = [
    ...text.matchAll(/import (?:type )?\{([^}]*)\} from "@aws-sdk\/client-([\w-]+)"/g),
  ];
  return imports.flatMap(([, names = "", client = ""]) => {
    const service = SERVICES[client] ?? client;
    return names.split(",").flatMap((one) => {
      const name = one.trim();
      const operation =
        /^(\w+)Command$/.exec(name)?.[1] ?? /^paginate(\w+)$/.exec(name)?.[1] ?? undefined;
      if (operation !== undefined) return [`${service}:${operation}`];
      return name.startsWith("waitUntil") ? [`${service}:Describe*`] : [];
    });
  });
}

/** Permissions of everything that the command asks of AWS besides what the engine does. */
export function commandActions(): string[] {
  const operations = ROOMS.flatMap(sources).flatMap(operationsIn);
  const actions = operations.flatMap((operation) => ACTIONS[operation] ?? [operation]);
  return [...new Set([...actions, ...STATE])].toSorted();
}

/** Whether a list of actions, some with a `*`, has one. */
export function allowsAction(actions: readonly string[], action: string): boolean {
  return actions.some((one) => {
    if (!one.includes("*")) return one === action;
    const [before = "", after = ""] = one.split("*");
    return action.startsWith(before) && action.endsWith(after);
  });
}

const STATE_BUCKET = ["arn:aws:s3:::gpudev-state-*", "arn:aws:s3:::gpudev-state-*/*"];
/** What hosts publish below `/gpudev/<id>`. */
const PUBLISHED = ["arn:aws:ssm:*:*:parameter/gpudev/*"];
const STATE_KEY = { StringLike: { "kms:ResourceAliases": "alias/gpudev-*" } };
/** KMS takes these on a key that has no alias yet. */
const NEW_KEY = ["kms:CreateAlias", "kms:CreateKey", "kms:EnableKeyRotation", "kms:TagResource"];

/**
 * The policy for what the command asks itself, beside the one that the engine needs: IAM's limit takes
 * them apart.
 * @param engines actions of the other policy
 */
export function commandsPolicy(engines: readonly string[]) {
  const missing = commandActions().filter((action) => !allowsAction(engines, action));
  const of = (service: string) => missing.filter((action) => action.startsWith(`${service}:`));
  const other = missing.filter((action) => !/^(ec2|kms|s3|ssm):/.test(action));
  if (other.length > 0) throw new Error(`say in commandPermissions.ts where ${other.join()} goes`);
  const kms = of("kms");
  return {
    Version: "2012-10-17",
    Statement: [
      { Sid: "StateBucket", Effect: "Allow", Action: of("s3"), Resource: STATE_BUCKET },
      {
        Sid: "StateKey",
        Effect: "Allow",
        Action: kms.filter((action) => !NEW_KEY.includes(action)),
        Resource: ["*"],
        Condition: STATE_KEY,
      },
      {
        Sid: "MakeStateKey",
        Effect: "Allow",
        Action: kms.filter((action) => NEW_KEY.includes(action)),
        Resource: ["*"],
      },
      { Sid: "Published", Effect: "Allow", Action: of("ssm"), Resource: PUBLISHED },
      { Sid: "Restore", Effect: "Allow", Action: of("ec2"), Resource: ["*"] },
    ].filter(({ Action }) => Action.length > 0),
  };
}
