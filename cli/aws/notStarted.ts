import { capacityCode } from "../../components/plan/aws/capacity";
import { CommandFailure, ExitCode } from "../outcome";
import { awsFailure } from "./failures";
import { ENGINEERS_POLICY } from "./needAws";

/** EC2's refusal to start an instance whose Spot request does not allow that now. */
const SPOT_STATE = "IncorrectSpotRequestState";
/** Status codes of a Spot request whose instance EC2 itself has stopped (EC2 User Guide, "Spot request status codes"). */
const TAKEN_BACK = /^instance-stopped-(no-capacity|by-price|capacity-oversubscribed)$/;

/** EC2 has taken a Spot instance's capacity back and stopped it; nobody but EC2 can start it. The name is the request's status code. */
export class SpotTakenBack extends Error {
  constructor(status: string, instanceId: string) {
    super(`EC2 has stopped ${instanceId} and starts it itself once there is Spot capacity again`);
    this.name = status;
  }
}

/** Whether EC2 refused a start for the state of a Spot request. */
export function isSpotState(problem: unknown): boolean {
  return problem instanceof Error && problem.name === SPOT_STATE;
}

/** Whether a Spot request's status says that EC2 has taken the instance back. */
export function isTakenBack(status: string): boolean {
  return TAKEN_BACK.test(status);
}

/**
 * Why machines were not started, and what mends it.
 * @param which such as `host-0`
 * @param type EC2 instance type
 */
export function notStarted(which: string, type: string, problem: unknown): CommandFailure {
  if (problem instanceof SpotTakenBack)
    return new CommandFailure(
      ExitCode.failed,
      `AWS has taken back the Spot capacity of ${which} (${problem.name}): only EC2 can start it again, and does so by itself once there is some.`,
      "Wait: `gpudev status` shows when it runs. To go on now, write another type or `market: on-demand` as the step in use of gpudev:aws.hosts.ladder and run `gpudev up`: it makes hosts anew there, and homes stay.",
    );
  if (isSpotState(problem))
    return new CommandFailure(
      ExitCode.failed,
      `The Spot request of ${which} does not allow a start yet (${SPOT_STATE}): EC2 has not finished stopping it.`,
      "Run it again in a few minutes; homes stay.",
    );
  const code = problem instanceof Error ? capacityCode(`${problem.name}: ${problem.message}`) : "";
  if (code !== undefined && code !== "")
    return new CommandFailure(
      ExitCode.failed,
      `AWS has no ${type} to start ${which} on in its zone at the moment (${code}).`,
      "Run it again after a while. `gpudev up` tries the other instance types of gpudev:aws.hosts.ladder; homes stay.",
    );
  return awsFailure(problem, `Starting ${which}`, ENGINEERS_POLICY);
}
