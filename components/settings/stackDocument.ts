import { type Document, isMap, type Node, parseDocument } from "yaml";
import type { Finding } from "./finding";
import { keepFormatting } from "./keepFormatting";
import { error } from "./problems";

/** What config keys of this project begin with. */
export const NAMESPACE = "gpudev:";

/** A stack file or roster that cannot be edited as asked. `findings` say why, for the person. */
export class StackFileError extends Error {
  override readonly name = "StackFileError";

  /** @param roster The roster file that holds the users, where that is why a user cannot be edited in the stack file. */
  constructor(
    readonly findings: readonly Finding[],
    readonly roster?: string,
  ) {
    super(findings.map(({ path, message, mend }) => `${path}: ${message} ${mend}`).join("\n"));
  }
}

/** Stops an edit with one finding. */
export function fail(
  path: string,
  code: string,
  message: string,
  mend: string,
  roster?: string,
): never {
  throw new StackFileError([error(path, code, message, mend)], roster);
}

/**
 * The stack file as a document.
 *
 * @throws StackFileError where the text is no YAML or has no usable `config`.
 */
export function openStackFile(text: string): Document {
  const doc = parseDocument(text, { prettyErrors: true });
  if (doc.errors.length > 0)
    throw new StackFileError(
      doc.errors.map((problem) =>
        error(
          `line ${problem.linePos?.[0].line ?? 1}`,
          "broken-yaml",
          `The stack file is no YAML here: ${problem.message.split(" at line ")[0] ?? ""}.`,
          "Look at the indentation, the quotes and the brackets of this line and the one above it.",
        ),
      ),
    );
  if (doc.contents !== null && !isMap(doc.contents))
    fail("line 1", "broken-yaml", "The stack file is no mapping.", "Begin it with `config:`.");
  const config = doc.get("config");
  if (config !== undefined && config !== null && !isMap(config))
    fail(
      "config",
      "broken-yaml",
      "`config` is no mapping.",
      "Put `gpudev:target: workstation` and the like below it.",
    );
  return doc;
}

/** Pulumi takes a key without a namespace for the project's own, so both spellings are one setting. */
export function keyOf(doc: Document, key: string): string {
  const bare = key.slice(NAMESPACE.length);
  return !doc.hasIn(["config", key]) && doc.hasIn(["config", bare]) ? bare : key;
}

/** Adds a setting that the file does not have yet, below everything else, comments included. */
export function addSetting(doc: Document, key: string, value: Node): void {
  const config = doc.get("config");
  if (!isMap(config)) {
    doc.setIn(["config", key], value);
    return;
  }
  const name = doc.createNode(key);
  if (config.comment) {
    name.commentBefore = config.comment;
    name.spaceBefore = true;
    config.comment = null;
  }
  config.add(doc.createPair(name, value));
}

/** Runs one edit; where it changes nothing, the text stays as it is to the last byte. */
export function editStackFile(text: string, change: (doc: Document) => void): string {
  const doc = openStackFile(text);
  const before = JSON.stringify(doc.toJS());
  change(doc);
  if (JSON.stringify(doc.toJS()) === before) return text;
  return keepFormatting(text, doc);
}
