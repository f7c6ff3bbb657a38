import { isNode, isScalar } from "yaml";
import { editStackFile, keyOf, NAMESPACE, openStackFile } from "./stackDocument";
import { ENCRYPTED } from "./values";

function withoutSecrets(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutSecrets);
  const entries = Object.entries(value);
  if (entries.length === 1 && entries[0]?.[0] === "secure") return ENCRYPTED;
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutSecrets(item)]));
}

/**
 * The configuration in a stack file as Pulumi hands it to a program: texts and
 * numbers as texts, lists and mappings as JSON. In the place of an encrypted
 * value stands `[encrypted]`.
 *
 * @throws StackFileError where the text is no YAML or has no usable `config`.
 */
export function readStackConfig(text: string): Record<string, string> {
  const config =
    (openStackFile(text).toJS() as { config?: Record<string, unknown> } | null)?.config ?? {};
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => {
      const plain = withoutSecrets(value);
      const full = key.includes(":") ? key : NAMESPACE + key;
      if (plain === null) return [full, ""];
      return [full, typeof plain === "string" ? plain : JSON.stringify(plain)];
    }),
  );
}

/**
 * Sets one value, such as `["gpudev:image", "torch"]` to `"2.6.0"`; mappings on
 * the way are made where they are missing.
 *
 * @throws StackFileError where the text is no usable stack file.
 */
export function setValue(
  text: string,
  path: readonly [string, ...(string | number)[]],
  value: unknown,
): string {
  return editStackFile(text, (doc) => {
    const [key, ...rest] = path;
    const place = ["config", keyOf(doc, key), ...rest];
    const node = doc.createNode(value, { flow: rest.length > 0 });
    // Other readers of YAML take a bare one for a date.
    if (isScalar(node) && /^\d{4}-\d{2}-\d{2}/.test(String(value))) node.type = "QUOTE_DOUBLE";
    const before = doc.getIn(place, true);
    if (isNode(before) && before.comment) node.comment = before.comment;
    doc.setIn(place, node);
  });
}
