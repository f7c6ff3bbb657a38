import {
  GetCommandInvocationCommand,
  SendCommandCommand,
  type SSMClient,
} from "@aws-sdk/client-ssm";
import { CommandFailure, ExitCode } from "../outcome";

const POLL_MS = 1000;
/** A large home takes a while to delete. */
const LONGEST_MS = 30 * 60_000;

/** What a command on a host came to. */
export interface OnHost {
  readonly ok: boolean;
  /** What it said. */
  readonly words: string;
}

/** Runs `gpudev-host forget` on a host by SSM and waits for its end. User names have no character that a shell knows. */
export async function forgetOnHost(
  ssm: SSMClient,
  instanceId: string,
  user: string,
): Promise<OnHost> {
  const { Command } = await ssm.send(
    new SendCommandCommand({
      DocumentName: "AWS-RunShellScript",
      InstanceIds: [instanceId],
      Comment: `gpudev forget ${user}`,
      Parameters: { commands: [`/usr/local/sbin/gpudev-host forget ${user}`] },
    }),
  );
  const CommandId = Command?.CommandId ?? "";
  const end = Date.now() + LONGEST_MS;
  while (Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    const asked = { CommandId, InstanceId: instanceId };
    const said = await ssm
      .send(new GetCommandInvocationCommand(asked))
      .catch((problem: unknown) => notYet(problem));
    const status = said?.Status ?? "Pending";
    if (["Pending", "InProgress", "Delayed", "Cancelling"].includes(status)) continue;
    const words = (said?.StandardOutputContent ?? "") + (said?.StandardErrorContent ?? "");
    return { ok: status === "Success", words: words.trim() || status };
  }
  throw new CommandFailure(
    ExitCode.failed,
    `The host has not answered for half an hour (SSM command ${CommandId}).`,
    "Look at it in the console (Systems Manager, Run Command), and run this again.",
  );
}

/** SSM knows of a command's invocation a moment after the command. */
function notYet(problem: unknown): undefined {
  if (problem instanceof Error && problem.name === "InvocationDoesNotExist") return undefined;
  throw problem;
}
