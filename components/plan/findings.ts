import type { Finding, Severity } from "../settings/finding";

/** A decision together with what was found on the way to it. */
export interface Decided<T> {
  readonly value: T;
  readonly findings: readonly Finding[];
}

type Say = (code: string, path: string, message: string, mend: string) => Finding;

function say(severity: Severity): Say {
  return (code, path, message, mend) => ({
    severity,
    code,
    path,
    message: message.endsWith(".") ? message : `${message}.`,
    mend,
  });
}

/** A finding that stops before anything is created. */
export const error = say("error");
/** A finding that is likely to hurt later. */
export const warning = say("warning");
/** A finding worth knowing. */
export const hint = say("hint");

const ORDER: readonly Severity[] = ["error", "warning", "hint"];

/** Errors first, then warnings, then hints, each in the order of deciding; the same thing is said once. */
export function orderFindings(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  const once = findings.filter((finding) => {
    const key = JSON.stringify([finding.code, finding.path, finding.message]);
    return !seen.has(key) && seen.add(key);
  });
  return ORDER.flatMap((severity) => once.filter((finding) => finding.severity === severity));
}

/** `a`, `a and b`, `a, b and c`; from the seventh on a number. */
export function listed(names: readonly string[], most = 6): string {
  if (names.length > most)
    return `${names.slice(0, most).join(", ")} and ${names.length - most} more`;
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** The items of a list by a key of theirs. */
export function groupBy<K, T>(items: Iterable<T>, key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}
