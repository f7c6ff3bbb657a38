/** What `/etc/os-release` says that matters here. */
export interface Distribution {
  /** Name for people, such as `Debian GNU/Linux 12 (bookworm)`. */
  readonly title: string;
  /** True for Debian, Ubuntu and what is made from them: apt installs there. */
  readonly apt: boolean;
}

/** Reads `/etc/os-release` (man os-release): `KEY=value` lines, values perhaps quoted. */
export function parseOsRelease(text: string): Distribution {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = /^([A-Z_]+)=(["']?)(.*)\2$/.exec(line.trim());
    if (match?.[1] !== undefined) fields.set(match[1], match[3] ?? "");
  }
  const names = [fields.get("ID"), ...(fields.get("ID_LIKE") ?? "").split(" ")];
  return {
    title: fields.get("PRETTY_NAME") ?? fields.get("NAME") ?? "this system",
    apt: names.some((name) => name === "debian" || name === "ubuntu"),
  };
}
