import { editStackFile, keyOf } from "./stackDocument";

/**
 * Takes one value out of a stack file, such as `["gpudev:aws", "trial"]`; where there is none the text comes
 * back unchanged.
 *
 * @throws StackFileError where the text is no usable stack file.
 */
export function removeValue(text: string, path: readonly [string, ...string[]]): string {
  return editStackFile(text, (doc) => {
    const [key, ...rest] = path;
    const place = ["config", keyOf(doc, key), ...rest];
    if (doc.hasIn(place)) doc.deleteIn(place);
  });
}
