/** What the first stack file of a machine is made from. */
export interface StackFacts {
  readonly user: string;
  readonly sshKeys: readonly string[];
  /** `image.base`. */
  readonly base: string;
  /** Why it is that base, where it is not the usual one. */
  readonly baseReason?: string;
  /** CA file for the build. */
  readonly extraCa?: string;
  readonly ports: { readonly jupyter: number; readonly ssh: number };
  /** Range for networks, where the usual one is in use. */
  readonly range?: string;
}

/** What the settings take when the file does not say: those lines are written only where they differ. */
export const USUAL_PORTS = { jupyter: 8888, ssh: 2222 } as const;
export const USUAL_RANGE = "10.213.0.0/16";

/** A YAML scalar that any text survives in: JSON's strings are YAML's double-quoted ones. */
function scalar(text: string): string {
  return /^[a-z_/][\w./:-]*$/i.test(text) && !/:$/.test(text) ? text : JSON.stringify(text);
}

/** The text of `stacks/Pulumi.local.yaml`: one user on this machine. */
export function stackTemplate(facts: StackFacts): string {
  const { jupyter, ssh } = facts.ports;
  const usualPorts = jupyter === USUAL_PORTS.jupyter && ssh === USUAL_PORTS.ssh;
  const keys = facts.sshKeys.map((key) => `        - ${JSON.stringify(key)}`);
  const lines = [
    "# yaml-language-server: $schema=./schema.json",
    "# Written by `npm start` for this machine, and yours from here on: it is not written again.",
    "config:",
    "  gpudev:target: workstation",
    "  gpudev:users:",
    `    - name: ${JSON.stringify(facts.user)}`,
    ...(keys.length === 0 ? ["      sshKeys: []"] : ["      sshKeys:", ...keys]),
    "  gpudev:gpu:",
    "    perUser: auto # one GPU where there is one, else the CPU",
    "  gpudev:image:",
    ...(facts.baseReason === undefined ? [] : [`    # ${facts.baseReason}`]),
    `    base: ${scalar(facts.base)}`,
    ...(facts.extraCa === undefined
      ? []
      : [
          "    # TLS to the package indexes is signed by a CA of this machine's own",
          `    extraCa: ${scalar(facts.extraCa)}`,
        ]),
    ...(usualPorts
      ? []
      : [
          "  # the usual ports were taken when this was written",
          `  gpudev:ports: { jupyter: ${jupyter}, ssh: ${ssh} }`,
        ]),
    ...(facts.range === undefined
      ? []
      : [
          `  # ${USUAL_RANGE} was in use when this was written`,
          `  gpudev:networks: { range: ${facts.range} }`,
        ]),
  ];
  return `${lines.join("\n")}\n`;
}
