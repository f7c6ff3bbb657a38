import { closest, distance } from "fastest-levenshtein";
import { z } from "zod";
import type { Finding } from "./finding";
import { settingsSchema, userSchema } from "./schema";
import { PRIVATE_KEY } from "./sshKeys";
import type { Unusable } from "./values";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** An error finding: it stops before anything is created. */
export function error(path: string, code: string, message: string, mend: string): Finding {
  return { severity: "error", code, path, message, mend };
}

/** A config path such as `gpudev:users[1].gpus`, from the path below `base`. */
export function pathText(base: string, path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    const name = String(part);
    if (!/^[\w-]+$/.test(name)) return `${text}[${JSON.stringify(name)}]`;
    return text.endsWith(":") ? text + name : `${text}.${name}`;
  }, base);
}

/** The name that was probably meant, or nothing where none is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const best = closest(name.toLowerCase(), [...known]);
  const allowed = Math.max(2, Math.floor(name.length / 3));
  return distance(name.toLowerCase(), best.toLowerCase()) <= allowed ? best : undefined;
}

/** A value as it is shown: short and on one line. */
function shown(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : (JSON.stringify(value) ?? "");
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "a mapping",
  record: "a mapping",
  array: "a list",
};

function typeOf(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  return TYPE_NAMES[typeof value] ?? typeof value;
}

function typeMend(expected: string, value: unknown): string {
  if (expected === "string" && typeof value === "number")
    return `Put it in quotes, such as "${value}". Without them YAML reads a number, and 3.10 becomes 3.1.`;
  switch (expected) {
    case "string":
      return "Write one text, in quotes where in doubt.";
    case "int":
      return "Write a whole number without quotes.";
    case "number":
      return "Write a number without quotes.";
    case "boolean":
      return "Write true or false, without quotes.";
    case "array":
      return "Write a list: `[one, two]`, or one item a line that begins with `- `.";
    default:
      return "Write a mapping: `{key: value}`, or one `key: value` a line below it.";
  }
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
}

const asJson = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, { io: "input" }) as JsonSchema;
const schemas = {
  settings: asJson(settingsSchema.omit({ users: true })),
  user: asJson(userSchema),
};

/** Which of the two schemas an issue comes from. */
export type Root = keyof typeof schemas;

function keysAt(root: Root, path: Path): string[] {
  let node: JsonSchema | undefined = schemas[root];
  for (const part of path) {
    const other: JsonSchema | boolean | undefined = node?.additionalProperties;
    node =
      typeof part === "number"
        ? node?.items
        : (node?.properties?.[String(part)] ?? (typeof other === "object" ? other : undefined));
  }
  const keys = Object.keys(node?.properties ?? {});
  return root === "settings" && path.length === 0 ? [...keys, "users"] : keys;
}

/** `gpudev:image.torch` for a `torch` that was written in the wrong place. */
function elsewhere(key: string): string | undefined {
  const [section] = Object.entries(schemas.settings.properties ?? {})
    .filter(([, node]) => node.properties && key in node.properties)
    .map(([name]) => name);
  return section && `gpudev:${section}.${key}`;
}

function unknownKey(base: string, root: Root, path: Path, key: string): Finding {
  const known = keysAt(root, path);
  const [head = "", ...rest] = key.split(".");
  const near = nearest(key, known);
  const place = elsewhere(key);
  let mend = `Take it out, or use one of: ${known.join(", ")}.`;
  if (near) mend = `Did you mean \`${pathText(base, [...path, near])}\`?`;
  else if (place) mend = `Did you mean \`${place}\`?`;
  else if (rest.length > 0 && known.includes(head))
    mend = `Write it nested: \`${pathText(base, [...path, head])}: {${rest.join(".")}: …}\`.`;
  return error(
    pathText(base, [...path, key]),
    "unknown-key",
    `There is no setting \`${key}\` here.`,
    mend,
  );
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (node, part) =>
      typeof node === "object" && node !== null
        ? (node as Record<PropertyKey, unknown>)[part]
        : undefined,
    value,
  );
}

/** A whole sentence of a clause: big letter in front, full stop behind. */
function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?]$/.test(whole) ? whole : `${whole}.`;
}

function valueProblem(path: string, issue: Issue, value: unknown): Finding {
  const bad = (reason: string, mend: string) =>
    error(path, "bad-value", `${shown(value)} ${reason}.`, sentence(mend));
  if (issue.code === "invalid_value") {
    const names = issue.values.map(String);
    const near = typeof value === "string" ? nearest(value, names) : undefined;
    const list = `Give ${names.length > 1 ? "one of: " : ""}${names.join(", ")}.`;
    return bad("is not known here", near ? `Did you mean \`${near}\`? ${list}` : list);
  }
  if (issue.code === "too_small") {
    if (issue.origin === "array")
      return bad("has no items", "Name at least one, or leave the setting out");
    if (issue.origin === "string")
      return bad("is too short", `Use at least ${issue.minimum} characters`);
    return issue.inclusive === false
      ? bad(`is not above ${issue.minimum}`, `Give more than ${issue.minimum}`)
      : bad(`is below ${issue.minimum}`, `Give at least ${issue.minimum}`);
  }
  if (issue.code === "too_big") {
    if (issue.origin === "array")
      return bad(`has more than ${issue.maximum} items`, `Name at most ${issue.maximum}`);
    return issue.origin === "string"
      ? bad("is too long", `Use at most ${issue.maximum} characters`)
      : bad(`is above ${issue.maximum}`, `Give at most ${issue.maximum}`);
  }
  const [reason = issue.message, ...mend] = issue.message.split("; ");
  return bad(reason, mend.join("; ") || "See docs/configuration.md for what it may be");
}

/** The finding of a text that must not be used. `base` is the config path of the value that it stood in. */
export function unusableFinding(base: string, { path, kind }: Unusable): Finding {
  const place = pathText(base, path);
  if (kind === "private-key") return error(place, kind, PRIVATE_KEY.message, PRIVATE_KEY.mend);
  return error(
    place,
    kind,
    "This setting is encrypted, and gpudev has no secret settings.",
    "Write it plainly, without `secure:`.",
  );
}

/**
 * Findings of one zod issue. `base` is the config path of the value that was
 * parsed, `input` that value.
 */
export function issueFindings(base: string, root: Root, issue: Issue, input: unknown): Finding[] {
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => unknownKey(base, root, issue.path, key));
  const path = pathText(base, issue.path);
  const value = at(input, issue.path);
  if (value === undefined)
    return [
      error(
        path,
        "missing",
        "This setting is missing and has no default.",
        "Add it; docs/configuration.md says what it may be.",
      ),
    ];
  if (issue.code === "invalid_type" && issue.message.startsWith("Invalid input")) {
    const { expected } = issue;
    return [
      error(
        path,
        "wrong-type",
        `This is ${typeOf(value)}${typeof value === "number" ? ` (${value})` : ""}, and must be ${TYPE_NAMES[expected] ?? expected}.`,
        typeMend(expected, value),
      ),
    ];
  }
  return [valueProblem(path, issue, value)];
}
