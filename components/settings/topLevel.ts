import { isScalar } from "yaml";
import { openStackFile } from "./stackDocument";

/**
 * Sets a text beside `config`, such as Pulumi's `secretsprovider`. Nothing else in the file changes.
 *
 * @throws StackFileError where the text is no usable stack file.
 */
export function setTopLevel(text: string, key: string, value: string): string {
  const doc = openStackFile(text);
  const node = doc.get(key, true);
  const before = isScalar(node) ? node.value : undefined;
  if (before === value) return text;
  const written = JSON.stringify(value);
  if (isScalar(node) && node.range) {
    const [start, end] = node.range;
    return `${text.slice(0, start)}${written}${text.slice(end)}`;
  }
  const gap = text === "" || text.endsWith("\n") ? "" : "\n";
  return `${text}${gap}${key}: ${written}\n`;
}

/** A text beside `config`; undefined where there is none. */
export function topLevel(text: string, key: string): string | undefined {
  const value: unknown = openStackFile(text).get(key);
  return typeof value === "string" ? value : undefined;
}
