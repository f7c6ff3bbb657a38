import type { z } from "zod";

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

/** What could be read of a value, and everything that was wrong with it. */
export interface BestEffort<T> {
  /** The parsed value, with what was wrong left out; absent where nothing is left. */
  readonly value?: T;
  readonly issues: readonly z.core.$ZodIssue[];
}

/**
 * Parses a value and, where parts of it are wrong, parses it again without them,
 * so that a later step can still look for further problems. The issues are those
 * of the whole value.
 */
export function parseBestEffort<T>(schema: z.ZodType<T>, input: unknown): BestEffort<T> {
  const first = schema.safeParse(input);
  if (first.success) return { value: first.data, issues: [] };
  let rest: unknown = structuredClone(input);
  let issues: readonly z.core.$ZodIssue[] = first.error.issues;
  // Every round takes something out, so that this ends with a valid value or with none.
  while (isNode(rest)) {
    const root: Node = rest;
    const paths = issues.flatMap((issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => [...issue.path, key])
        : [issue.path],
    );
    if (!paths.map((path) => markDropped(root, path)).every(Boolean)) break;
    rest = withoutDropped(root);
    const next = schema.safeParse(rest);
    if (next.success) return { value: next.data, issues: first.error.issues };
    issues = next.error.issues;
  }
  return { issues: first.error.issues };
}

/** A value without what the stack file holds encrypted, and the places where that stood. */
export function withoutEncrypted(value: unknown): {
  value: unknown;
  paths: readonly (readonly PropertyKey[])[];
} {
  const paths: PropertyKey[][] = [];
  const marked = (node: unknown, path: PropertyKey[]): unknown => {
    if (node === ENCRYPTED) {
      paths.push(path);
      return DROPPED;
    }
    if (Array.isArray(node)) return node.map((item, index) => marked(item, [...path, index]));
    if (!isNode(node)) return node;
    return Object.fromEntries(
      Object.entries(node).map(([key, item]) => [key, marked(item, [...path, key])]),
    );
  };
  return { value: withoutDropped(marked(value, [])), paths };
}
