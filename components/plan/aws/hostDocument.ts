import { createHash } from "node:crypto";
import {
  HOST_SCHEMA,
  type HostDocument,
  type HostDraft,
  type HostRuntime,
  IMAGE,
} from "./documentModel";

/** JSON with sorted keys and no spaces, so that one value has one text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((one) => canonicalJson(one)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`).join(",")}}`;
}

/** The ECR registry of an image, which has to be logged in to. */
function registryOf(image: string): string | undefined {
  return /^(\d{12}\.dkr\.ecr(-fips)?\.[a-z0-9-]+\.amazonaws\.com(\.cn)?)\//.exec(image)?.[1];
}

/** A host's document, with its version: the SHA-256 of everything else in it. */
export function hostDocument(
  draft: HostDraft,
  { image, efs, dataRole }: HostRuntime,
): HostDocument {
  const registry = registryOf(image);
  const users = new Set(draft.environments.map(({ user }) => user));
  const points = Object.entries(efs?.accessPoints ?? {}).filter(([user]) => users.has(user));
  const rest = {
    schema: HOST_SCHEMA,
    ...draft,
    image,
    ...(registry === undefined ? {} : { registry }),
    ...(dataRole === undefined ? {} : { credentials: { roleArn: dataRole } }),
    homes: {
      ...draft.homes,
      ...(efs === undefined
        ? {}
        : { fileSystem: efs.fileSystem, accessPoints: Object.fromEntries(points) }),
    },
    environments: draft.environments.map((environment) => ({
      ...environment,
      unit: environment.unit.replaceAll(IMAGE, image),
    })),
  } as const;
  const version = createHash("sha256").update(canonicalJson(rest)).digest("hex");
  return { ...rest, version };
}

/** The document as it lies in the bucket. */
export function hostDocumentText(document: HostDocument): string {
  return `${canonicalJson(document)}\n`;
}
