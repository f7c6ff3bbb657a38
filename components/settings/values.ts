import type { z } from "zod";
import { isPrivateKey } from "./sshKeys";

/** Stands in the flat configuration for a value that the stack file holds encrypted. */
export const ENCRYPTED = "[encrypted]";

const DROPPED: unique symbol = Symbol("dropped");

type Node = Record<PropertyKey, unknown>;

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null;

function markDropped(root: Node, path: readonly PropertyKey[]): boolean {
  if (path.length === 0) return false;
  const parents = path.slice(0, -1);
  let node: unknown = root;
  for (const part of parents) node = isNode(node) ? node[part] : undefined;
  const key = path[path.length - 1] as PropertyKey;
  if (!isNode(node) || !Object.hasOwn(node, key)) return markDropped(root, parents);
  node[key] = DROPPED;
  return true;
}

function withoutDropped(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== DROPPED).map(withoutDropped);
  if (!isNode(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== DROPPED)
      .map(([key, item]) => [key, withoutDropped(item)]),
  );
}

function parseWithout<T>(
  schema: z.ZodType<T>,
  input: unknown,
  first: readonly (readonly PropertyKey[])[],
): { value?: T } {
  let rest: unknown = structuredClone(input);
  let paths = first;
  // Every round takes something out, so that this ends with a valid value or with none.
  while (isNode(rest)) {
    const root: Node = rest;
    if (!paths.map((path) => markDropped(root, path)).every(Boolean)) break;
    rest = withoutDropped(root);
    const next = schema.safeParse(rest);
    if (next.success) return { value: next.data };
    paths = issuePaths(next.error.issues);
  }
  return {};
}

function issuePaths(issues: readonly z.core.$ZodIssue[]): PropertyKey[][] {
  return issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => [...issue.path, key])
      : [issue.path],
  );
}

/** A text that must not be used, and never be shown: where it stood, and what it is. */
export interface Unusable {
  readonly path: readonly PropertyKey[];
  readonly kind: "encrypted" | "private-key";
}

function unusableIn(node: unknown, path: readonly PropertyKey[] = []): Unusable[] {
  if (node === ENCRYPTED) return [{ path, kind: "encrypted" }];
  if (typeof node === "string") return isPrivateKey(node) ? [{ path, kind: "private-key" }] : [];
  if (Array.isArray(node)) return node.flatMap((item, at) => unusableIn(item, [...path, at]));
  if (!isNode(node)) return [];
  return Object.entries(node).flatMap(([key, item]) => unusableIn(item, [...path, key]));
}

/** What could be read of a value, and everything that was wrong with it. */
export interface BestEffort<T> {
  /** The parsed value, with what was wrong left out; absent where nothing is left. */
  readonly value?: T;
  /** What must not be shown. No issue is about one of these. */
  readonly unusable: readonly Unusable[];
  readonly issues: readonly z.core.$ZodIssue[];
}

/**
 * Parses a value and, where parts of it are wrong, parses it again without them,
 * so that a later step can still look for further problems. The issues are those
 * of the whole value.
 */
export function parseBestEffort<T>(schema: z.ZodType<T>, input: unknown): BestEffort<T> {
  const unusable = unusableIn(input);
  const first = schema.safeParse(input);
  if (first.success && unusable.length === 0) return { value: first.data, unusable, issues: [] };
  const hidden = new Set(unusable.map(({ path }) => JSON.stringify(path)));
  const all = first.error?.issues ?? [];
  const paths = [...unusable.map(({ path }) => path), ...issuePaths(all)];
  return {
    ...parseWithout(schema, input, paths),
    unusable,
    issues: all.filter(({ path }) => !hidden.has(JSON.stringify(path))),
  };
}
