/**
 * What systemd makes of a command line, written from systemd.service(5), "Command lines", and
 * systemd.syntax(7), "Quoting": for tests of what is rendered for it.
 */
export function systemdReads(line: string): string[] {
  const words: string[] = [];
  let word = "";
  let inWord = false;
  let quoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const sign = line[at] ?? "";
    const next = line[at + 1] ?? "";
    if (sign === "\\") {
      if (next === "x") {
        word += String.fromCharCode(Number.parseInt(line.slice(at + 2, at + 4), 16));
        at += 3;
      } else if (next === "\\" || next === '"') {
        word += next;
        at += 1;
      } else throw new Error(`an escape that is not expected: \\${next}`);
      inWord = true;
    } else if (sign === '"') {
      quoted = !quoted;
      inWord = true;
    } else if ((sign === "%" || sign === "$") && next === sign) {
      word += sign;
      at += 1;
      inWord = true;
    } else if (sign === "%" || sign === "$") {
      throw new Error(`${sign}${next} would be expanded`);
    } else if (/\s/.test(sign) && !quoted) {
      if (inWord) words.push(word);
      word = "";
      inWord = false;
    } else {
      word += sign;
      inWord = true;
    }
  }
  if (quoted) throw new Error("a quote is open");
  if (inWord) words.push(word);
  return words;
}

/** The values of a setting in a unit, in order. */
export function settingsOfUnit(unit: string, name: string): string[] {
  return unit
    .split("\n")
    .filter((line) => line.startsWith(`${name}=`))
    .map((line) => line.slice(name.length + 1));
}
