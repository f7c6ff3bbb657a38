import {
  GetCommandInvocationCommand,
  type GetCommandInvocationCommandOutput,
  SendCommandCommand,
  type SSMClient,
} from "@aws-sdk/client-ssm";
import { awsPrefix, switchDocumentName } from "../../components/plan/aws/awsNames";
import { CommandFailure, ExitCode } from "../outcome";
import { awsFailure } from "./failures";
import { ENGINEERS_POLICY } from "./needAws";

const POLL_MS = 1_000;
/** The document lets a host take half an hour; an agent that never answers would be waited for without end. */
const LONGEST_MS = 45 * 60_000;
const GOING_ON = new Set(["Pending", "InProgress", "Delayed", "Cancelling"]);

/** One user's environment on a running host. */
export interface Switched {
  readonly stack: string;
  readonly stackId: string;
  readonly host: string;
  readonly instanceId: string;
  readonly user: string;
}

function problemOf(problem: unknown, { host, user }: Switched, action: string): CommandFailure {
  const name = problem instanceof Error ? problem.name : "";
  if (name === "InvalidInstanceId")
    return new CommandFailure(
      ExitCode.failed,
      `${host} runs, and its SSM agent has not reported yet: it is still booting, or has no way to AWS.`,
      "Run it again in a minute.",
    );
  if (name === "InvalidDocument")
    return new CommandFailure(
      ExitCode.failed,
      `The stack has no document that ${action}s an environment: an older gpudev made it.`,
      "`gpudev up` adds it.",
    );
  return awsFailure(
    problem,
    `${action === "start" ? "Starting" : "Stopping"} ${user}`,
    ENGINEERS_POLICY,
  );
}

/**
 * Starts or stops one environment by the stack's own document; nobody else on the host is touched.
 * @returns what the host said
 * @throws CommandFailure (failed) in the host's words where it did not come about
 */
export async function switchEnvironment(
  ssm: SSMClient,
  action: "start" | "stop",
  one: Switched,
): Promise<string> {
  const { stack, stackId, instanceId, user, host } = one;
  try {
    const { Command } = await ssm.send(
      new SendCommandCommand({
        DocumentName: switchDocumentName(awsPrefix(stack, stackId)),
        InstanceIds: [instanceId],
        Parameters: { action: [action], user: [user] },
      }),
    );
    const asked = { CommandId: Command?.CommandId ?? "", InstanceId: instanceId };
    for (const end = Date.now() + LONGEST_MS; Date.now() < end;) {
      const { Status, StandardOutputContent = "" } = await invocation(ssm, asked);
      const said = StandardOutputContent.trim();
      if (Status === "Success") return said;
      if (Status !== undefined && !GOING_ON.has(Status))
        throw new CommandFailure(
          ExitCode.failed,
          `${host} did not ${action} the environment of ${user}: ${said === "" ? Status : said}`,
          `On the host, \`journalctl --unit gpudev-${user}\` has the rest.`,
        );
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new CommandFailure(
      ExitCode.failed,
      `${host} has not said for ${LONGEST_MS / 60_000} minutes whether it could ${action} the environment of ${user} (SSM command ${asked.CommandId}).`,
      "Look at it in the console (Systems Manager, Run Command), and run this again.",
    );
  } catch (problem) {
    throw problemOf(problem, one, action);
  }
}

async function invocation(
  ssm: SSMClient,
  asked: { readonly CommandId: string; readonly InstanceId: string },
): Promise<Pick<GetCommandInvocationCommandOutput, "Status" | "StandardOutputContent">> {
  try {
    return await ssm.send(new GetCommandInvocationCommand(asked));
  } catch (problem) {
    // A moment after it was sent the command is not known everywhere yet.
    if (problem instanceof Error && problem.name === "InvocationDoesNotExist") return {};
    throw problem;
  }
}
