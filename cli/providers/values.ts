import { Struct } from "google-protobuf/google/protobuf/struct_pb";

/** A property value as Pulumi's engine sends it. */
export type Value = null | boolean | number | string | readonly Value[] | Properties;
/** The inputs or the state of one resource. */
export type Properties = { readonly [key: string]: Value };

// Pulumi's wire format marks secrets by an object with this key, and unknown values by this string.
const MARK = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

function isObject(value: Value | undefined): value is Properties {
  return typeof value === "object" && value !== null && !isList(value);
}

export function fromStruct(struct: Struct | undefined): Properties {
  return struct?.toJavaScript() ?? {};
}

export function toStruct(properties: Properties): Struct {
  return Struct.fromJavaScript(properties);
}

/** The value without secret marks: what to work with. What goes back to the engine keeps its marks. */
export function reveal(value: Value): Value {
  if (isList(value)) return value.map(reveal);
  if (!isObject(value)) return value;
  if (value[MARK] === SECRET) return reveal(value["value"] ?? null);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, reveal(inner)]));
}

export function revealAll(properties: Properties): Properties {
  return Object.fromEntries(Object.entries(properties).map(([key, v]) => [key, reveal(v)]));
}

/** True where a preview cannot know the value, or a part of it, yet. */
export function isUnknown(value: Value | undefined): boolean {
  if (value === UNKNOWN) return true;
  if (isList(value)) return value.some(isUnknown);
  return isObject(value) && Object.values(value).some(isUnknown);
}

/** The value at a path; undefined where there is none. */
export function valueAt(root: Value, path: readonly PropertyKey[]): Value | undefined {
  let value: Value | undefined = root;
  for (const step of path) {
    if (isList(value)) value = value[Number(step)];
    else if (isObject(value)) value = value[String(step)];
    else return undefined;
  }
  return value;
}

/** Equality of plain values; the order of an object's keys does not count. */
export function equal(left: Value | undefined, right: Value | undefined): boolean {
  if (isList(left) && isList(right)) {
    return left.length === right.length && left.every((value, at) => equal(value, right[at]));
  }
  if (isObject(left) && isObject(right)) {
    const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
    return [...keys].every((key) => equal(left[key], right[key]));
  }
  return left === right;
}
