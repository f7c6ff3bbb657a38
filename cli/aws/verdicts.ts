import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { z } from "zod";
import { reasonOf } from "../../components/lookups/aws/ask";

const decisionSchema = z.object({ action: z.string(), kind: z.string(), reason: z.string() });

/** What a host says of itself, as `images/host/gpudev_host/verdict.py` writes it. */
const verdictSchema = z.object({
  schema: z.literal("gpudev.verdict/1"),
  host: z.string(),
  /** Version of the document that it is about. */
  document: z.string().nullable(),
  /** ISO 8601. */
  at: z.string(),
  ready: z.boolean(),
  words: z.array(z.string()),
  /** The instance that says it; hosts with older software do not say. */
  instance: z.string().nullable().optional(),
  checks: z.record(z.string(), z.object({ ok: z.boolean(), found: z.string() })).default({}),
  environments: z
    .record(z.string(), z.object({ state: z.string(), reason: z.string().nullable().optional() }))
    .default({}),
  /** Names the boot in which it was said. */
  boot: z.string().optional(),
  /** What the idle watcher decided last. */
  idle: z
    .object({
      at: z.string(),
      host: decisionSchema,
      environments: z.record(z.string(), decisionSchema),
    })
    .optional(),
});

export type Verdict = z.output<typeof verdictSchema>;

/** A host's verdict, or why there is none. */
export interface HostVerdict {
  readonly host: string;
  readonly ready: boolean;
  /** It is stopped, which is a normal state: then what it said last does not count. */
  readonly stopped?: true;
  /** In the host's own words, but for what it has not said. */
  readonly words: readonly string[];
  readonly at?: string;
  readonly environments?: Verdict["environments"];
}

/** What a verdict comes to, beside the document that the host should have applied. */
export function judge(
  host: string,
  verdict: Verdict | string,
  version: string | undefined,
): HostVerdict {
  if (typeof verdict === "string") return { host, ready: false, words: [verdict] };
  const { at, ready, words, environments } = verdict;
  if (version === undefined || verdict.document === version)
    return { host, ready, words, at, environments };
  return {
    host,
    ready: false,
    words: [`${host} has not applied its newest document yet. What it said before:`, ...words],
    at,
    environments,
  };
}

/** Reads a verdict; a sentence where the host has said nothing that can be read. */
export function parseVerdict(host: string, text: string): Verdict | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return `The verdict of ${host} is no JSON.`;
  }
  const parsed = verdictSchema.safeParse(value);
  return parsed.success ? parsed.data : `The verdict of ${host} cannot be read by this gpudev.`;
}

/** A verdict, and when the bucket got it by AWS's own clock. */
export interface DatedVerdict {
  readonly verdict: Verdict;
  readonly sentAt: Date;
}

/** Fetches a host's verdict from the stack's bucket, with its date; a sentence where there is none. */
export async function fetchDated(
  s3: S3Client,
  bucket: string,
  host: string,
): Promise<DatedVerdict | string> {
  try {
    const { Body, LastModified } = await s3.send(
      new GetObjectCommand({ Bucket: bucket, Key: `verdicts/${host}.json` }),
    );
    const verdict = parseVerdict(host, (await Body?.transformToString()) ?? "");
    return typeof verdict === "string" ? verdict : { verdict, sentAt: LastModified ?? new Date(0) };
  } catch (problem) {
    if (problem instanceof Error && /^NoSuch(Key|Bucket)$/.test(problem.name))
      return `${host} has said nothing yet.`;
    return `The verdict of ${host} could not be fetched: ${reasonOf(problem)}.`;
  }
}

/** Fetches a host's verdict from the stack's bucket; a sentence where there is none. */
export async function fetchVerdict(
  s3: S3Client,
  bucket: string,
  host: string,
): Promise<Verdict | string> {
  const found = await fetchDated(s3, bucket, host);
  return typeof found === "string" ? found : found.verdict;
}

/** What is said of a host that is stopped. */
export function asleep(host: string): HostVerdict {
  const words = ["It starts with the first `gpudev start NAME` of somebody on it."];
  return { host, ready: false, stopped: true, words };
}

/** Verdicts for a person. */
export function verdictsText(verdicts: readonly HostVerdict[]): string {
  return verdicts
    .map(({ host, ready, stopped, words }) =>
      [
        `${host}: ${stopped ? "stopped" : ready ? "ready" : "not ready"}`,
        ...words.map((word) => `  ${word}`),
      ].join("\n"),
    )
    .join("\n");
}
