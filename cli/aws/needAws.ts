import { checkBackend } from "../../components/plan/aws/state";
import type { Finding } from "../../components/settings";
import { CommandFailure, ExitCode } from "../outcome";
import { hasErrors } from "../output/findings";
import { refusal } from "../refusal";
import type { AwsStackOnFile, DecidedAwsStack } from "./awsStack";
import { backendUrl } from "./backend";

/** Where whoever runs a stack gets a right that is missing. */
export const ENGINEERS_POLICY =
  "docs/aws-permissions.json and docs/aws-permissions-command.json have the permissions that running a stack needs: have both attached to whoever runs it.";

/**
 * For what cannot be done without AWS.
 * @throws CommandFailure (not ready) where AWS could not be asked who is asking
 */
export function needAws({
  lookups,
  findings,
}: Pick<DecidedAwsStack, "lookups" | "findings">): void {
  if (lookups.account.known) return;
  const { because } = lookups.account;
  const unchecked = findings.find(({ code }) => code === "unchecked");
  throw new CommandFailure(
    ExitCode.notReady,
    `AWS could not be asked: ${because}. Nothing was created or changed.`,
    unchecked?.mend,
    findings,
  );
}

/**
 * For what makes hosts: the AMI has to be known and recorded, since another one would replace them.
 * @throws CommandFailure (failed) where it could not be asked
 */
export function needAmi({ plan, findings }: Pick<DecidedAwsStack, "plan" | "findings">): void {
  if (plan.ami.id !== undefined || plan.hosts.length === 0) return;
  const unknown = findings.find(({ code }) => code === "ami-unknown");
  throw new CommandFailure(
    ExitCode.failed,
    unknown?.message ?? "The AMI of the hosts is not known.",
    `Allow ssm:GetParameter on ${plan.ami.parameter}, or write an AMI's id as gpudev:aws.hosts.ami.id.`,
    findings,
  );
}

/**
 * For commands that need the stack's state and no plan.
 * @returns what was found that does not stop them
 * @throws CommandFailure (bad input) where the state may not lie where it lies
 */
export function requireBackend(stack: AwsStackOnFile, env: NodeJS.ProcessEnv): readonly Finding[] {
  const found = checkBackend(stack.settings.aws, backendUrl(stack, env));
  if (hasErrors(found)) throw refusal(found);
  return found;
}
