import type { z } from "zod";
import type { DockerClient } from "./dockerClient";
import { equal, isUnknown, revealAll, valueAt } from "./values";
import type { Properties, Value } from "./values";

/** What a changed input does to a resource that exists: a new one takes its place, it is changed, or nothing. */
export type Effect = "replace" | "update" | "ignore";

/** One difference between what is wanted and what is there. */
export interface Change {
  readonly property: string;
  readonly kind: "add" | "delete" | "update";
  readonly replaces: boolean;
}

/** An input that is not taken, with its reason. */
export interface Problem {
  readonly property: string;
  readonly reason: string;
}

/** What an operation works with. */
export interface Call {
  readonly docker: DockerClient;
  /** Shows a line beside the resource while the operation runs. */
  readonly report: (message: string) => void;
  /** Aborted where the engine is told to stop. */
  readonly signal: AbortSignal;
}

/** One type of resource, over its typed inputs. */
export interface ResourceDefinition<Inputs> {
  readonly schema: z.ZodType<Inputs>;
  /** What a change of each input does. Every input has its row. */
  readonly effects: Readonly<Record<keyof Inputs & string, Effect>>;
  /** The old one has to go before the new one can come: they share a name and ports. */
  readonly deleteBeforeReplace: boolean;
  /** More differences than the inputs show, such as a container that stopped. */
  readonly drift?: (state: Properties) => readonly Change[];
  /** Makes the object: all of it, or nothing. */
  readonly create: (
    inputs: Inputs,
    call: Call,
  ) => Promise<{ readonly id: string; readonly computed: Properties }>;
  /** What the daemon says of the object; undefined where it is gone. */
  readonly read: (id: string, state: Properties, call: Call) => Promise<Properties | undefined>;
  readonly update?: (
    id: string,
    inputs: Inputs,
    state: Properties,
    call: Call,
  ) => Promise<Properties>;
  /** Removes the object; one that is gone already is fine. */
  readonly delete: (id: string, state: Properties, call: Call) => Promise<void>;
}

/** A type of resource as the server drives it: over the engine's own values. */
export interface Resource {
  readonly deleteBeforeReplace: boolean;
  readonly check: (inputs: Properties) => readonly Problem[];
  readonly diff: (
    oldInputs: Properties,
    inputs: Properties,
    state: Properties,
  ) => readonly Change[];
  readonly create: (
    inputs: Properties,
    call: Call,
  ) => Promise<{ readonly id: string; readonly state: Properties }>;
  readonly read: (id: string, state: Properties, call: Call) => Promise<Properties | undefined>;
  readonly update: (
    id: string,
    inputs: Properties,
    state: Properties,
    call: Call,
  ) => Promise<Properties>;
  readonly delete: (id: string, state: Properties, call: Call) => Promise<void>;
}

const OFFICIAL = "use Pulumi's own docker provider: `gpudev:docker: {provider: official}`";

/** Turns a definition into what the server drives: checks, differences, marks of secrets kept. */
export function defineResource<Inputs>(definition: ResourceDefinition<Inputs>): Resource {
  const { schema, deleteBeforeReplace } = definition;
  const effects: Readonly<Record<string, Effect>> = definition.effects;
  return {
    deleteBeforeReplace,
    check: (inputs) => check(schema, revealAll(inputs)),
    diff: (oldInputs, inputs, state) => {
      const changes = compare(effects, revealAll(oldInputs), revealAll(inputs));
      return [...changes, ...(definition.drift?.(revealAll(state)) ?? [])];
    },
    create: async (inputs, call) => {
      const { id, computed } = await definition.create(schema.parse(revealAll(inputs)), call);
      return { id, state: { ...inputs, ...computed } };
    },
    read: async (id, state, call) => {
      const computed = await definition.read(id, revealAll(state), call);
      return computed === undefined ? undefined : { ...state, ...computed };
    },
    update: async (id, inputs, state, call) => {
      const computed = await definition.update?.(
        id,
        schema.parse(revealAll(inputs)),
        revealAll(state),
        call,
      );
      return { ...inputs, ...computed };
    },
    delete: (id, state, call) => definition.delete(id, revealAll(state), call),
  };
}

function check(schema: z.ZodType, inputs: Properties): readonly Problem[] {
  const result = schema.safeParse(inputs);
  if (result.success) return [];
  return result.error.issues.flatMap((issue) => {
    // A preview may not know a value yet; it is checked once it is known.
    if (isUnknown(valueAt(inputs, issue.path))) return [];
    const at = issue.path.map(String);
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        property: [...at, key].join("."),
        reason: `gpudev's bundled provider does not take this input; to set it, ${OFFICIAL}`,
      }));
    }
    return [{ property: at.join("."), reason: `${issue.message}; for more, ${OFFICIAL}` }];
  });
}

function compare(
  effects: Readonly<Record<string, Effect>>,
  before: Properties,
  wanted: Properties,
): readonly Change[] {
  return [...new Set([...Object.keys(before), ...Object.keys(wanted)])].flatMap((property) => {
    const [old, now] = [given(before[property]), given(wanted[property])];
    // An input that another provider recorded and this one does not know cannot be kept.
    const effect = effects[property] ?? "update";
    if (effect === "ignore" || equal(old, now)) return [];
    const kind = old === undefined ? "add" : now === undefined ? "delete" : "update";
    return [{ property, kind, replaces: effect === "replace" } satisfies Change];
  });
}

function given(value: Value | undefined): Value | undefined {
  return value === null ? undefined : value;
}
