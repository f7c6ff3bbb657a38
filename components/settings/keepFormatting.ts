import { isDeepStrictEqual } from "node:util";
import { type Document, isMap, isNode, parseDocument, type ToStringOptions } from "yaml";

/** One setting with its lines, the comments below it included. */
interface Block {
  readonly key: string;
  readonly text: string;
}

/** A stack file cut at its settings. */
interface Blocks {
  readonly head: string;
  readonly blocks: readonly Block[];
  readonly tail: string;
}

function keyStart(text: string, key: unknown): number | undefined {
  const start = isNode(key) ? key.range?.[0] : undefined;
  return start === undefined ? undefined : text.lastIndexOf("\n", start - 1) + 1;
}

function cutAtSettings(text: string): Blocks | undefined {
  const top = parseDocument(text).contents;
  if (!isMap(top)) return undefined;
  const at = top.items.findIndex(({ key }) => String(key) === "config");
  const config = top.items[at]?.value;
  if (!isMap(config) || config.flow === true || config.items.length === 0) return undefined;
  const starts = config.items.map(({ key }) => keyStart(text, key) ?? 0);
  const end = keyStart(text, top.items[at + 1]?.key) ?? text.length;
  return {
    head: text.slice(0, starts[0]),
    blocks: config.items.map(({ key }, index) => ({
      key: String(key),
      text: text.slice(starts[index], starts[index + 1] ?? end),
    })),
    tail: text.slice(end),
  };
}

/** Lines of a text, and the indexes of those that are not blank. */
interface Lines {
  readonly all: readonly string[];
  readonly filled: readonly number[];
}

/** `key:  # comment`, whose comment goes to a line of its own when a document is written. */
const COMMENT_BEHIND_KEY = /^\s*(- )*[^\s#][^#]*:\s+#/;

function linesOf(text: string): Lines {
  const all = text.split("\n");
  const filled = all.flatMap((line, index) => {
    if (line.trim() === "") return [];
    return COMMENT_BEHIND_KEY.test(line) ? [index, index] : [index];
  });
  return { all, filled };
}

function commonCount(left: readonly string[], right: readonly string[]): number {
  const end = Math.min(left.length, right.length);
  let count = 0;
  while (count < end && left[count] === right[count]) count += 1;
  return count;
}

/** Puts the one changed stretch between two normalised blocks into the original one. */
function spliceLines(original: string, before: string, after: string): string {
  const [o, b, a] = [linesOf(original), linesOf(before), linesOf(after)];
  // A block that is laid out over other lines than the normalised one cannot be matched line by line.
  if (o.filled.length !== b.filled.length) return after;
  const beforeFilled = b.filled.map((index) => b.all[index] ?? "");
  const afterFilled = a.filled.map((index) => a.all[index] ?? "");
  const head = commonCount(beforeFilled, afterFilled);
  const tail = commonCount(beforeFilled.slice(head).reverse(), afterFilled.slice(head).reverse());
  const cut = ({ all, filled }: Lines) => ({
    from: head === 0 ? 0 : (filled[head - 1] ?? 0) + 1,
    to: tail === 0 ? (filled.at(-1) ?? all.length - 1) + 1 : (filled.at(-tail) ?? all.length),
  });
  const [into, out] = [cut(o), cut(a)];
  if (into.from > into.to) return after;
  return [
    ...o.all.slice(0, into.from),
    ...a.all.slice(out.from, out.to).map((line) => line.trimEnd()),
    ...o.all.slice(into.to),
  ].join("\n");
}

function spliceBlocks(text: string, before: string, after: string): string | undefined {
  const [o, b, a] = [cutAtSettings(text), cutAtSettings(before), cutAtSettings(after)];
  if (!o || !b || !a) return undefined;
  const find = (blocks: Blocks, key: string) => blocks.blocks.find((block) => block.key === key);
  let result = o.head;
  for (const { key, text: now } of a.blocks) {
    const [was, original] = [find(b, key), find(o, key)];
    if (result !== "" && !result.endsWith("\n")) result += "\n";
    if (!was || !original) result = result.replace(/\n\s*\n$/, "\n") + now;
    else if (was.text === now) result += original.text;
    else result += spliceLines(original.text, was.text, now);
  }
  return (result.endsWith("\n") ? result : `${result}\n`) + o.tail;
}

function styleOf(text: string): ToStringOptions {
  const indent = /^config:[^\n]*\n(?:\s*(?:#[^\n]*)?\n)*( +)\S/m.exec(text)?.[1]?.length ?? 2;
  return {
    indent,
    lineWidth: 0,
    indentSeq: !/^( *)[^\s#][^\n]*:[ \t]*\n\1- /m.test(text),
    flowCollectionPadding: /\{ \S/.test(text) || !/\{\S/.test(text),
  };
}

/**
 * The text of an edited YAML document, which differs from the original only where
 * the document was changed. Writing a document normalises spaces, blank lines and
 * quotes everywhere; a person's file must not change where nothing was asked for.
 * Where a change cannot be fitted into the original lines, that setting alone, and
 * failing that the whole file, is written anew with its comments.
 */
export function keepFormatting(original: string, edited: Document): string {
  const text = original.replaceAll("\r\n", "\n");
  const style = styleOf(text);
  const after = edited.toString(style);
  const spliced = spliceBlocks(text, parseDocument(text).toString(style), after);
  const kept =
    spliced !== undefined && isDeepStrictEqual(parseDocument(spliced).toJS(), edited.toJS());
  const result = kept ? spliced : after;
  return text === original ? result : result.replaceAll("\n", "\r\n");
}
