import { createHash } from "node:crypto";
import type { Change, Problem } from "../../../cli/providers/resource";
import { equal, revealAll } from "../../../cli/providers/values";
import type { Properties, Value } from "../../../cli/providers/values";
import type { Effect, TypeRow, World } from "./model";

/** What Pulumi's wire format has for a value that is not known yet. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const ASSET = "c44067f5952c0a294b673a41bacd8c17";

function isObject(value: Value | undefined): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A file is its content: where it lies does not count. */
function plain(value: Value | undefined): Value | undefined {
  if (isObject(value) && value[SIGNATURE] === ASSET) return value["hash"] ?? null;
  return value ?? undefined;
}

/** Inputs with a generated name, as Pulumi's bridge gives one, and what is wrong with them. */
export function check(
  row: TypeRow,
  type: string,
  urnName: string,
  before: Properties,
  news: Properties,
): { readonly inputs: Properties; readonly problems: readonly Problem[] } {
  const problems = Object.keys(news)
    .filter((input) => !(input in row.inputs) && !input.startsWith("__"))
    .map((property) => ({
      property,
      reason: `the stand-in for ${type} does not know this input: say in its table what a change of it does`,
    }));
  const { named } = row;
  if (named === undefined || news[named] !== undefined) return { inputs: news, problems };
  const kept = before[named];
  const fresh = createHash("sha256").update(`${type} ${urnName} ${Math.random()}`).digest("hex");
  return { inputs: { ...news, [named]: kept ?? `${urnName}-${fresh.slice(0, 7)}` }, problems };
}

/** All tags of a resource, the provider's own included. */
function allTags(inputs: Properties, defaults: Properties): Properties {
  const own = inputs["tags"];
  return { ...defaults, ...(isObject(own) ? own : {}) };
}

/** What is different, and what that does. */
export function diff(
  row: TypeRow,
  oldInputs: Properties,
  news: Properties,
  state: Properties,
  defaultTags: Properties,
): readonly (Change & { readonly effect: Effect })[] {
  const [before, wanted] = [revealAll(oldInputs), revealAll(news)];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(wanted)])];
  const changes = keys.flatMap((property) => {
    const [old, now] = [plain(before[property]), plain(wanted[property])];
    const own = row.inputs[property] ?? "update";
    if (own === "ignore" || equal(old, now)) return [];
    if (now === undefined && row.answered?.includes(property) === true) return [];
    const effect = partEffect(row, property, old, now) ?? own;
    const kind = old === undefined ? "add" : now === undefined ? "delete" : "update";
    return [{ property, kind, effect, replaces: effect === "replace" } as const];
  });
  const tagged = row.tagged === true && !equal(state["tagsAll"], allTags(wanted, defaultTags));
  if (!tagged || changes.some(({ property }) => property === "tags")) return changes;
  return [...changes, { property: "tagsAll", kind: "update", effect: "update", replaces: false }];
}

function partEffect(
  { parts }: TypeRow,
  property: string,
  old: Value | undefined,
  now: Value | undefined,
): Effect | undefined {
  for (const [path, effect] of Object.entries(parts ?? {})) {
    const [whole, part] = path.split(".");
    if (whole !== property || part === undefined) continue;
    const at = (value: Value | undefined) => (isObject(value) ? value[part] : undefined);
    if (!equal(at(old), at(now))) return effect;
  }
  return undefined;
}

/** Outputs of a resource that exists, or of one in a preview, where AWS's own part is unknown. */
export function outputs(
  row: TypeRow,
  inputs: Properties,
  id: string,
  world: World,
  defaultTags: Properties,
  preview: boolean,
): Properties {
  const tags = row.tagged === true ? { tagsAll: allTags(inputs, defaultTags) } : {};
  const known = row.computed?.(revealAll(inputs), id, world) ?? {};
  const computed = preview
    ? Object.fromEntries(Object.keys(known).map((name) => [name, UNKNOWN]))
    : known;
  return { ...inputs, ...tags, ...computed };
}

/** The handles by which others refer to a resource. */
export function handlesOf(row: TypeRow, state: Properties, id: string): string[] {
  const own = [
    id,
    state["arn"],
    state["uniqueId"],
    row.named === undefined ? "" : state[row.named],
  ];
  return own.filter((one): one is string => typeof one === "string" && one !== "");
}
