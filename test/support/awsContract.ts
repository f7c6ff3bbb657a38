import type { StepEventMetadata } from "@pulumi/pulumi/automation";
import type { AwsPlan } from "../../components/plan/aws/model";
import { TABLE } from "./awsStandIn/table";
import type { Ran } from "./engine";

/** What one changed input does, in words. */
export interface Effects {
  readonly instance: string;
  readonly environments: string;
  readonly homes: string;
  readonly also: string;
}

const INSTANCE = "aws:ec2/instance:Instance";
const HOMES = new Set([
  "aws:ebs/volume:Volume",
  "aws:efs/accessPoint:AccessPoint",
  "aws:efs/fileSystem:FileSystem",
]);
/** How a document comes into force; said by `environments`. */
const CARRIERS = new Set([
  "aws:s3/bucketObjectv2:BucketObjectv2",
  "aws:ssm/association:Association",
  "aws:ec2/volumeAttachment:VolumeAttachment",
]);

const VERBS: Readonly<Record<string, string>> = {
  create: "made",
  delete: "removed",
  replace: "replaced",
  update: "changed",
};

function propertiesOf({ diffs, detailedDiff }: StepEventMetadata): string[] {
  return [...Object.keys(detailedDiff ?? {}), ...(diffs ?? [])];
}

function instanceWords(steps: readonly StepEventMetadata[]): string {
  const own = steps.filter(({ type }) => type === INSTANCE);
  if (own.some(({ op }) => op === "replace")) return "**replaced**";
  if (own.some(({ op }) => op === "delete")) return "**removed**";
  if (own.some(({ op }) => op === "create")) return "another is made";
  const updated = own.filter(({ op }) => op === "update").flatMap(propertiesOf);
  if (updated.length === 0) return "untouched";
  const effects = TABLE[INSTANCE]?.inputs ?? {};
  const restarts = updated.some((path) => effects[path.split(/[.[]/)[0] ?? ""] === "restart");
  return restarts ? "**stops and starts**" : "changed in place";
}

/** Users whose unit is another, or who come or go. */
function environmentWords(before: AwsPlan, after: AwsPlan, instance: string): string {
  const unitsOf = (plan: AwsPlan) =>
    new Map(
      plan.documents.flatMap(({ environments }) =>
        environments.map(({ user, unit }) => [user, unit] as const),
      ),
    );
  const [old, now] = [unitsOf(before), unitsOf(after)];
  const stays = [...old.keys()].filter((user) => now.has(user));
  const changed = stays.filter((user) => old.get(user) !== now.get(user));
  const image = before.image.immutableTag !== after.image.immutableTag;
  const [gone, come] = [old.size - stays.length, now.size - stays.length];
  if (instance.startsWith("**")) return "restart, each";
  if (image || (changed.length > 0 && changed.length === stays.length)) return "restart, each";
  if (changed.length > 0) return "theirs restarts, others untouched";
  if (gone > 0) return "theirs stops, others untouched";
  return come > 0 ? "theirs starts, others untouched" : "untouched";
}

function homesWords(steps: readonly StepEventMetadata[]): string {
  const own = steps.filter(({ type }) => HOMES.has(type));
  if (own.some(({ op }) => op === "replace" || op === "delete")) return "**refused**: protected";
  if (own.some(({ op }) => op === "update")) return "kept; changed in place";
  return own.some(({ op }) => op === "create") ? "kept; another is made" : "kept";
}

/** True for a resource of which only tags change. */
function onlyTags(step: StepEventMetadata): boolean {
  const paths = propertiesOf(step);
  return step.op === "update" && paths.length > 0 && paths.every((path) => /^tags/.test(path));
}

function alsoWords(steps: readonly StepEventMetadata[]): string {
  const counts = new Map<string, number>();
  for (const step of steps) {
    const { op, type } = step;
    const verb = VERBS[op];
    const known = type.startsWith("aws:") || type.startsWith("docker-build:");
    if (verb === undefined || !known || onlyTags(step)) continue;
    if (type === INSTANCE || HOMES.has(type) || CARRIERS.has(type)) continue;
    const what = `${type.split(":").at(-1) ?? type} ${verb}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  const words = [...counts]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([what, count]) => (count === 1 ? what : `${count} × ${what}`));
  return [...words, ...(steps.some(onlyTags) ? ["tags"] : [])].join(", ");
}

/** What a preview says that a changed input does. */
export function effectsOf(before: AwsPlan, after: AwsPlan, ran: Ran): Effects {
  const instance = instanceWords(ran.steps);
  return {
    instance,
    environments: environmentWords(before, after, instance),
    homes: homesWords(ran.steps),
    also: alsoWords(ran.steps),
  };
}

/** The same for an input that the plan refuses. */
export function refused(codes: readonly string[]): Effects {
  const instance = `refused: ${codes.join(", ")}`;
  return { instance, environments: "–", homes: "kept", also: "" };
}

/** A table in Markdown. */
export function contractTable(rows: readonly (readonly [string, Effects])[]): string {
  const cells = rows.map(
    ([change, { instance, environments, homes, also }]) =>
      `| ${[change, instance, environments, homes, also].join(" | ")} |`,
  );
  return [
    "| change | instance | environments | homes | also |",
    "| --- | --- | --- | --- | --- |",
    ...cells,
  ].join("\n");
}
