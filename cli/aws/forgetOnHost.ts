import {
  CreateDocumentCommand,
  DeleteDocumentCommand,
  GetCommandInvocationCommand,
  SendCommandCommand,
  type SSMClient,
} from "@aws-sdk/client-ssm";
import { CommandFailure, ExitCode } from "../outcome";

const POLL_MS = 1000;
/** A large home takes a while to delete. */
const LONGEST_SECONDS = 1800;

/** What a command on a host came to. */
export interface OnHost {
  readonly ok: boolean;
  /** What it said. */
  readonly words: string;
}

/** Content of the SSM document by which a host deletes a leaver's home; it stands only while that is done. */
function forgetDocument(): string {
  return JSON.stringify({
    schemaVersion: "2.2",
    description: "gpudev: delete the home of a user who has left",
    parameters: {
      user: {
        type: "String",
        description: "Whose home",
        allowedPattern: "^[a-z_][a-z0-9_-]{0,30}$",
      },
    },
    mainSteps: [
      {
        action: "aws:runShellScript",
        name: "forget",
        precondition: { StringEquals: ["platformType", "Linux"] },
        inputs: {
          timeoutSeconds: String(LONGEST_SECONDS),
          runCommand: ["exec /usr/local/sbin/gpudev-host forget '{{ user }}'"],
        },
      },
    ],
  });
}

/** Makes the document; one that a killed run left is the same. */
async function makeDocument(ssm: SSMClient, Name: string): Promise<void> {
  try {
    await ssm.send(
      new CreateDocumentCommand({
        Name,
        DocumentType: "Command",
        DocumentFormat: "JSON",
        Content: forgetDocument(),
      }),
    );
  } catch (problem) {
    if (!(problem instanceof Error) || problem.name !== "DocumentAlreadyExists") throw problem;
  }
}

async function awaitEnd(ssm: SSMClient, CommandId: string, InstanceId: string): Promise<OnHost> {
  const end = Date.now() + LONGEST_SECONDS * 1000;
  while (Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    const said = await ssm
      .send(new GetCommandInvocationCommand({ CommandId, InstanceId }))
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

/**
 * Lets a host delete a leaver's home, by a document of ours: a shell on hosts is given to nobody.
 * @param prefix `gpudev-<stack>-<id>`, in front of the document's name
 */
export async function forgetOnHost(
  ssm: SSMClient,
  prefix: string,
  instanceId: string,
  user: string,
): Promise<OnHost> {
  const DocumentName = `${prefix}-forget`;
  await makeDocument(ssm, DocumentName);
  const done = await sendForget(ssm, DocumentName, instanceId, user).catch(
    async (problem: unknown) => {
      // What went wrong first is what has to be mended; a document that stays is used by the next run, which deletes it.
      await removeDocument(ssm, DocumentName).catch(() => undefined);
      throw problem;
    },
  );
  await removeDocument(ssm, DocumentName);
  return done;
}

async function removeDocument(ssm: SSMClient, Name: string): Promise<void> {
  await ssm.send(new DeleteDocumentCommand({ Name }));
}

async function sendForget(
  ssm: SSMClient,
  DocumentName: string,
  instanceId: string,
  user: string,
): Promise<OnHost> {
  const { Command } = await ssm.send(
    new SendCommandCommand({
      DocumentName,
      InstanceIds: [instanceId],
      Parameters: { user: [user] },
    }),
  );
  return awaitEnd(ssm, Command?.CommandId ?? "", instanceId);
}
