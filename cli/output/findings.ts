import pc from "picocolors";
import type { Finding, Severity } from "../../components/settings/finding";

const ORDER: readonly Severity[] = ["error", "warning", "hint"];
const COLOR: Record<Severity, (text: string) => string> = {
  error: pc.red,
  warning: pc.yellow,
  hint: pc.cyan,
};

/** True where a finding forbids to go on. */
export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some(({ severity }) => severity === "error");
}

/** Findings for a person: errors first, each with its path, what is wrong and the mend. Empty text for none. */
export function findingsText(findings: readonly Finding[]): string {
  return ORDER.flatMap((severity) => {
    const own = findings.filter((finding) => finding.severity === severity);
    if (own.length === 0) return [];
    const heading = `${own.length} ${severity}${own.length === 1 ? "" : "s"}:`;
    const blocks = own.map(({ path, message, mend }) =>
      [`  ${pc.bold(path)}`, `    ${message}`, `    ${pc.dim("→")} ${mend}`].join("\n"),
    );
    return [[COLOR[severity](heading), ...blocks].join("\n")];
  }).join("\n\n");
}
