/** An inbound rule: one range and one run of ports. */
export interface DirectRule {
  /** Names the resource; the same for the same rule, whatever stands beside it. */
  readonly key: string;
  readonly ipProtocol: "tcp";
  readonly cidrIpv4: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly description: string;
}

/** Inbound rules, each range and each run of ports on its own: so a range that goes touches no other. */
export function directRules(
  ranges: readonly string[],
  ports: readonly { readonly from: number; readonly to: number }[],
): DirectRule[] {
  return [...new Set(ranges)].flatMap((range) =>
    ports.map(({ from, to }) => ({
      key: `from-${range.replace(/[./]/g, "-")}-${from}`,
      ipProtocol: "tcp" as const,
      cidrIpv4: range,
      fromPort: from,
      toPort: to,
      description: "Jupyter and SSH, as settings ask for",
    })),
  );
}
