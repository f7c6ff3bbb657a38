import { isDeepStrictEqual } from "node:util";
import { type Document, parseDocument, type ToStringOptions } from "yaml";

const blank = (line: string | undefined) => line !== undefined && line.trim() === "";

/** Lines of a text, and the indexes of those that are not blank. */
function lines(text: string): { all: string[]; filled: number[] } {
  const all = text.split("\n");
  return { all, filled: all.flatMap((line, index) => (blank(line) ? [] : [index])) };
}

function commonCount(left: readonly string[], right: readonly string[]): number {
  const end = Math.min(left.length, right.length);
  let count = 0;
  while (count < end && left[count] === right[count]) count += 1;
  return count;
}

/** Puts the one changed stretch between two normalised texts into the original. */
function splice(original: string, before: string, after: string): string | undefined {
  const [o, b, a] = [lines(original), lines(before), lines(after)];
  if (o.filled.length !== b.filled.length) return undefined;
  const beforeFilled = b.filled.map((index) => b.all[index] ?? "");
  const afterFilled = a.filled.map((index) => a.all[index] ?? "");
  const head = commonCount(beforeFilled, afterFilled);
  const tail = commonCount(beforeFilled.slice(head).reverse(), afterFilled.slice(head).reverse());
  const cut = (of: { all: string[]; filled: number[] }) => ({
    from: head === 0 ? 0 : (of.filled[head - 1] ?? 0) + 1,
    to: tail === 0 ? of.all.length : (of.filled[of.filled.length - tail] ?? of.all.length),
  });
  const [into, out] = [cut(o), cut(a)];
  return [
    ...o.all.slice(0, into.from),
    ...a.all.slice(out.from, out.to),
    ...o.all.slice(into.to),
  ].join("\n");
}

/**
 * The text of an edited YAML document that differs from the original only where
 * the document was changed. Writing a document normalises spaces and blank lines
 * everywhere; a person's file should not change where nothing was asked for.
 */
export function keepFormatting(original: string, edited: Document): string {
  const crlf = original.includes("\r\n");
  const text = original.replaceAll("\r\n", "\n");
  const style: ToStringOptions = { lineWidth: 0, flowCollectionPadding: /\{ \S/.test(text) };
  const after = edited.toString(style);
  const spliced = splice(text, parseDocument(text).toString(style), after);
  const kept =
    spliced !== undefined && isDeepStrictEqual(parseDocument(spliced).toJS(), edited.toJS());
  const result = kept ? spliced : after;
  return crlf ? result.replaceAll("\n", "\r\n") : result;
}
