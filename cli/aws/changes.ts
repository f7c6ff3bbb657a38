import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation";
import { countEvent, newTally, resourceName } from "../engine/events";

const DOCUMENT = "aws:s3/bucketObjectv2:BucketObjectv2";
export const INSTANCE = "aws:ec2/instance:Instance";

/** What an operation does and what went wrong, step by step. */
export interface Watched {
  readonly steps: readonly StepEventMetadata[];
  readonly errors: readonly { readonly resource: string; readonly message: string }[];
  readonly onEvent: (event: EngineEvent) => void;
}

/** Looks on while the engine works. */
export function watch(): Watched {
  const steps: StepEventMetadata[] = [];
  const tally = newTally();
  return {
    steps,
    errors: tally.errors,
    onEvent: (event) => {
      if (event.resourcePreEvent !== undefined) steps.push(event.resourcePreEvent.metadata);
      countEvent(tally, event);
    },
  };
}

/** A step, as far as it is looked at. */
export type Step = Pick<StepEventMetadata, "op" | "urn" | "type" | "diffs" | "old" | "new">;

/** What belongs to one host, by the names that `GpuHost` gives. */
function hostPart(urn: string): { readonly host: string; readonly part: string } | undefined {
  const found = /^gpudev-(host-\d+)-(instance|document|apply|homes)$/.exec(resourceName(urn));
  const [, host, part] = found ?? [];
  return host === undefined || part === undefined ? undefined : { host, part };
}

/** Hosts that a change touches: another document, another machine, or a newcomer's. Those have to run to apply it. */
export function touchedHosts(steps: readonly Step[]): string[] {
  const touched = steps.flatMap(({ op, urn }) => {
    if (op === "same" || op === "delete" || op === "read") return [];
    return hostPart(urn)?.host ?? [];
  });
  return [...new Set(touched)].toSorted();
}

/** Hosts whose machine a change removes or replaces. */
export function departingHosts(steps: readonly Step[]): string[] {
  const going = steps.flatMap(({ op, urn, type }) =>
    type === INSTANCE && (op === "replace" || op === "delete") ? (hostPart(urn)?.host ?? []) : [],
  );
  return [...new Set(going)].toSorted();
}

/** Inputs of an instance that EC2 changes only while it is stopped. */
const STOPS = ["instanceType", "ebsOptimized", "userData", "userDataBase64", "cpuOptions"];

/** The environments that a document names, each with its unit; undefined where the text is not known yet. */
function unitsOf(content: unknown): Map<string, string> | undefined {
  if (typeof content !== "string" || !content.startsWith("{")) return undefined;
  const { environments = [] } = JSON.parse(content) as {
    readonly environments?: readonly { readonly user: string; readonly unit: string }[];
  };
  return new Map(environments.map(({ user, unit }) => [user, unit]));
}

/** Users whose unit another document changes or takes away. */
function restarted(step: Step): string[] {
  const before = unitsOf(step.old?.inputs.content);
  if (before === undefined) return [];
  const after =
    step.op === "delete" ? new Map<string, string>() : unitsOf(step.new?.inputs.content);
  // What is not known yet is the image's digest: another one restarts everybody.
  return [...before].flatMap(([user, unit]) => (after?.get(user) === unit ? [] : [user]));
}

/**
 * Users whose environments a change ends: their machine is stopped, replaced or removed, or their unit
 * is another or gone. What does not run at the time is named too, since the state does not know.
 */
export function endedUsers(steps: readonly Step[]): string[] {
  const lost = new Set(
    steps.flatMap(({ op, urn, type, diffs }) => {
      if (type !== INSTANCE) return [];
      const stops = op === "update" && (diffs ?? []).some((diff) => STOPS.includes(diff));
      return stops || op === "replace" || op === "delete" ? (hostPart(urn)?.host ?? []) : [];
    }),
  );
  const documents = steps.filter(
    ({ urn, type }) => type === DOCUMENT && hostPart(urn)?.part === "document",
  );
  const ended = documents.flatMap((step) => {
    const host = hostPart(step.urn)?.host ?? "";
    if (lost.has(host)) return [...(unitsOf(step.old?.inputs.content)?.keys() ?? [])];
    return step.op === "update" || step.op === "delete" ? restarted(step) : [];
  });
  return [...new Set(ended)].toSorted();
}

/** Names of protected resources that the engine refuses to remove or replace. */
export function protectedOnes(errors: Watched["errors"]): string[] {
  const names = errors.flatMap(({ resource, message }) => {
    if (!/marked for protection|it is protected/.test(message)) return [];
    const urn = /"(urn:pulumi:[^"]+)"/.exec(message)?.[1];
    return [urn === undefined ? resource : resourceName(urn)];
  });
  return [...new Set(names)].filter((name) => name !== "").toSorted();
}
