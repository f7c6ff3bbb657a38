import type { EngineEvent, OpMap, OpType, StepEventMetadata } from "@pulumi/pulumi/automation";
import { CONTAINER } from "./resourceTypes";

/** What an operation's events add up to. */
export interface EngineTally {
  /** Resources that are finished. */
  done: number;
  /** What went wrong, in Pulumi's and the providers' own words. */
  errors: { readonly resource: string; readonly message: string }[];
  /** Warnings of the engine and the providers. */
  warnings: string[];
  /** What the engine says that it changed; empty where it found nothing to do. */
  changes: OpMap;
  /** Containers that are replaced or removed: what runs in them ends. */
  ended: string[];
}

export function newTally(): EngineTally {
  return { done: 0, errors: [], warnings: [], changes: {}, ended: [] };
}

/** Name of a resource: the last part of its URN. */
export function resourceName(urn: string): string {
  return urn.split("::").at(-1) ?? urn;
}

const VERBS: Partial<Record<OpType, string>> = {
  create: "create",
  "create-replacement": "create again",
  update: "change",
  delete: "remove",
  "delete-replaced": "remove for replacement",
  refresh: "look at",
};

/** Removes terminal colours and Pulumi's colour marks. */
export function plainText(text: string): string {
  return text.replaceAll(/<\{%[^%]*%\}>|\u001b\[[0-9;]*m/g, "").trim();
}

/** Name of the container that a step ends, where it ends one. */
function endedContainer({ op, type, old, urn }: StepEventMetadata): string | undefined {
  if (type !== CONTAINER || (op !== "replace" && op !== "delete")) return undefined;
  const name: unknown = old?.inputs.name;
  return typeof name === "string" ? name : resourceName(urn);
}

/** Counts an event in, and returns what is worth showing of it while the operation runs. */
export function countEvent(tally: EngineTally, event: EngineEvent): string | undefined {
  const started = event.resourcePreEvent;
  if (started !== undefined) {
    const ended = endedContainer(started.metadata);
    if (ended !== undefined) tally.ended.push(ended);
    const verb = VERBS[started.metadata.op];
    return verb === undefined ? undefined : `${verb} ${resourceName(started.metadata.urn)}`;
  }
  if (event.resOutputsEvent !== undefined) {
    tally.done += 1;
    return undefined;
  }
  if (event.summaryEvent !== undefined) {
    tally.changes = event.summaryEvent.resourceChanges;
    return undefined;
  }
  const diagnostic = event.diagnosticEvent;
  // The engine also reports its own remote calls, with a severity that its types do not name.
  if (diagnostic === undefined || (diagnostic.severity as string) === "debug") return undefined;
  const message = plainText(diagnostic.message);
  if (message === "") return undefined;
  if (diagnostic.severity === "error")
    tally.errors.push({
      resource: diagnostic.urn === undefined ? "" : resourceName(diagnostic.urn),
      message,
    });
  else if (diagnostic.severity === "warning") tally.warnings.push(message);
  return diagnostic.urn === undefined ? message : `${resourceName(diagnostic.urn)}: ${message}`;
}

/** The changes of an operation in a few words: `3 created, 1 changed, 12 unchanged`. */
export function describeChanges(changes: OpMap, tense: "done" | "planned"): string {
  const words: readonly (readonly [OpType, string, string])[] = [
    ["create", "created", "to create"],
    ["update", "changed", "to change"],
    ["replace", "replaced", "to replace"],
    ["delete", "removed", "to remove"],
    ["same", "unchanged", "unchanged"],
  ];
  const parts = words.flatMap(([op, done, planned]) => {
    const count = changes[op] ?? 0;
    return count === 0 ? [] : [`${count} ${tense === "done" ? done : planned}`];
  });
  return parts.length === 0 ? "nothing to do" : parts.join(", ");
}

/** The changes of an operation without what stays as it is: empty where nothing changes. */
export function changesAlone(changes: OpMap): OpMap {
  return Object.fromEntries(Object.entries(changes).filter(([op]) => op !== "same"));
}
