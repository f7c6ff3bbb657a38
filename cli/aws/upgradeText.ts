import type { AwsLookups } from "../../components/lookups/aws/model";
import type { Upgrade } from "../../components/plan/aws/upgrade";
import type { DecidedAwsStack } from "./awsStack";
import type { Verdict } from "./verdicts";

const people = ({ name, users }: Upgrade["first"]) => `${name} (${users.join(", ")})`;

function amiText({ recordedAmi }: AwsLookups, id: string | undefined): string {
  if (id === undefined) return "none recorded";
  const found = recordedAmi?.known === true ? recordedAmi.value : undefined;
  return found?.id === id ? `${id} (${found.name}, ${found.created.slice(0, 10)})` : id;
}

/** Drivers that hosts say they have, such as `595.91.07 on host-0`. */
function driversText(verdicts: Readonly<Record<string, Verdict | string>>): string {
  const found = Object.entries(verdicts).flatMap(([host, verdict]) => {
    const driver = typeof verdict === "string" ? undefined : verdict.checks.driver?.found;
    return driver === undefined ? [] : [`${driver} on ${host}`];
  });
  return found.length === 0 ? "no host has said" : found.join(", ");
}

/** What an upgrade would change, for a person. */
export function upgradeText(
  { plan, lookups }: Pick<DecidedAwsStack, "plan" | "lookups">,
  upgrade: Upgrade,
  verdicts: Readonly<Record<string, Verdict | string>>,
): string {
  const { first, others, ami, held, goesOn } = upgrade;
  return [
    ...(goesOn ? ["Goes on with an upgrade that was begun before."] : []),
    ...(ami === undefined ? [] : [`AMI:    ${amiText(lookups, ami.from)} -> ${ami.to}`]),
    ...(ami === undefined
      ? []
      : [
          `Driver: ${driversText(verdicts)}; ${plan.ami.kind} AMIs bring ${plan.ami.driver} or newer.`,
        ]),
    ...(held === undefined
      ? []
      : [`Image:  ${held.image} -> the one that the stack file asks for`]),
    `First:  ${people(first)}`,
    ...(others.length === 0 ? [] : [`Then:   ${others.map(people).join(", ")}`]),
  ].join("\n");
}
