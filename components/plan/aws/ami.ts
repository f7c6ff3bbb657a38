import { AMIS } from "../../catalog";
import type { AwsLookups } from "../../lookups/aws/model";
import type { Finding } from "../../settings/finding";
import { type Decided, error, hint, warning } from "../findings";
import type { PlannedAmi } from "./model";
import type { AwsStack } from "./stack";

const PATH = "gpudev:aws.hosts.ami.id";

/** Code of the one error that `gpudev upgrade` is the mend of. */
export const AMI_OF_OTHER_KIND = "ami-of-other-kind";

/** Whether the recorded AMI is there still, and is what the settings say. A copy of one's own may have any name. */
function checkRecorded(settings: AwsStack, id: string, lookups: AwsLookups): Finding[] {
  const { kind } = settings.aws.hosts.ami;
  if (lookups.recordedAmi?.known !== true) return [];
  const found = lookups.recordedAmi.value;
  if (found === undefined) {
    return [
      warning(
        "ami-gone",
        PATH,
        `AWS has no AMI ${id} any more: hosts that exist go on, and a new one could not be made`,
        "Run gpudev upgrade, which takes the newest, one host first.",
      ),
    ];
  }
  const other = Object.values(AMIS).find((one) => one.kind !== kind && one.named.test(found.name));
  if (other === undefined) return [];
  return [
    error(
      AMI_OF_OTHER_KIND,
      "gpudev:aws.hosts.ami.kind",
      `The settings say ${kind}, and the recorded AMI ${id} is ${other.kind} (${found.name}): a host would be set up for what it is not`,
      `Run gpudev upgrade, which takes the newest ${kind} AMI, one host first; or write kind: ${other.kind}.`,
    ),
  ];
}

/** The AMI of hosts: the one that the stack file records, else today's newest of its kind. */
export function planAmi(settings: AwsStack, lookups: AwsLookups): Decided<PlannedAmi> {
  const { kind, id } = settings.aws.hosts.ami;
  const { parameter, driver } = AMIS[kind];
  if (id !== undefined) {
    return {
      value: { kind, parameter, driver, id, recorded: true },
      findings: checkRecorded(settings, id, lookups),
    };
  }
  if (lookups.ami.known) {
    const found = lookups.ami.value.id;
    const finding = hint(
      "ami-unrecorded",
      PATH,
      `The stack file records no AMI, and takes today's newest: ${found}`,
      `Run gpudev up, which records it, or write under gpudev:aws.hosts:  ami: {kind: ${kind}, id: ${found}}`,
    );
    return {
      value: { kind, parameter, driver, id: found, recorded: false },
      findings: [finding],
    };
  }
  const finding = warning(
    "ami-unknown",
    PATH,
    `The stack file records no AMI, and the newest could not be asked: ${lookups.ami.because}`,
    "Nothing can be made until it is known; log in to AWS first.",
  );
  return { value: { kind, parameter, driver, recorded: false }, findings: [finding] };
}
