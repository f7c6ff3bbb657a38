import { reasonOf } from "../../components/lookups/aws/ask";
import { CommandFailure, ExitCode } from "../outcome";

const LOG_IN =
  "Log in (`aws sso login`, `aws configure`), or name the profile that has a login in AWS_PROFILE.";

/** Where a user without a right gets it. */
const ASK_FOR_POLICY =
  "Whoever runs the stack has your policy: `policies` among the stack's outputs, by user. They attach it, or name your `principal` under gpudev:users.";

/** Names of errors that say: AWS does not know who asks. */
const NOBODY = new Set([
  "CredentialsProviderError",
  "TokenProviderError",
  "ExpiredToken",
  "ExpiredTokenException",
  "RequestExpired",
  "UnrecognizedClientException",
  "InvalidClientTokenId",
  "InvalidSignatureException",
  "SignatureDoesNotMatch",
  "AuthFailure",
]);

/** Names of errors that say: whoever asks may not. */
const DENIED = new Set([
  "AccessDenied",
  "AccessDeniedException",
  "UnauthorizedOperation",
  "Forbidden",
]);

function nameOf(problem: unknown): string {
  return problem instanceof Error ? problem.name : "";
}

/** Whether AWS refused for want of a right. */
function isDenied(problem: unknown): boolean {
  return DENIED.has(nameOf(problem));
}

/**
 * What AWS answered, as a failure with its mend.
 * @param doing what was tried: the beginning of a sentence, such as `Reading /gpudev/…`
 * @param mend what to do where a right is missing
 */
export function awsFailure(
  problem: unknown,
  doing: string,
  mend: string = ASK_FOR_POLICY,
): CommandFailure {
  if (problem instanceof CommandFailure) return problem;
  const because = reasonOf(problem);
  if (NOBODY.has(nameOf(problem)))
    return new CommandFailure(
      ExitCode.notReady,
      `AWS does not know who is asking: ${because}.`,
      LOG_IN,
    );
  if (isDenied(problem))
    return new CommandFailure(ExitCode.failed, `${doing} is not allowed: ${because}.`, mend);
  return new CommandFailure(
    ExitCode.failed,
    `${doing} failed: ${because}.`,
    "Look at the network and the region, and run it again.",
  );
}

const SAID = /An error occurred \(([\w.]+)\) when calling the (\w+) operation[^:]*: ([^\n]*)/;
const NO_LOGIN =
  /(Unable to locate credentials|(?:The SSO session|Error loading SSO Token|Token has expired|The config profile)[^\n]*)/;

/**
 * What `aws` said when it opened no session, as a failure; undefined where its words are not known.
 * @param user whose environment it is
 */
export function sessionFailure(words: string, user: string): CommandFailure | undefined {
  if (/SessionManagerPlugin is not found/.test(words)) return missingPlugin();
  if (/aws: (?:command )?not found/.test(words)) return missingAws();
  const login = NO_LOGIN.exec(words)?.[1];
  if (login !== undefined)
    return new CommandFailure(
      ExitCode.notReady,
      `AWS does not know who is asking: ${login.replace(/\.$/, "")}.`,
      LOG_IN,
    );
  const [, name, operation = "", text = ""] = SAID.exec(words) ?? [];
  if (name === undefined) return undefined;
  if (name === "TargetNotConnected")
    return new CommandFailure(
      ExitCode.failed,
      `The host of ${user} is stopped, or still starting.`,
      `\`gpudev start ${user}\` starts it and waits.`,
    );
  if (name === "InvalidDocument")
    return new CommandFailure(
      ExitCode.failed,
      `The stack has no way in for ${user} yet: ${text.replace(/\.$/, "")}.`,
      "Run `gpudev up`.",
    );
  const problem = new Error(text);
  problem.name = name;
  return awsFailure(problem, operation === "StartSession" ? "Opening a session" : operation);
}

export function missingAws(): CommandFailure {
  return new CommandFailure(
    ExitCode.notReady,
    "There is no `aws` on this machine: environments on AWS are reached by its sessions.",
    "Install the AWS CLI (version 2, or 1.16.12 and newer).",
  );
}

export function missingPlugin(): CommandFailure {
  return new CommandFailure(
    ExitCode.notReady,
    "There is no `session-manager-plugin` on this machine: `aws` needs it to open a session.",
    "Install AWS's Session Manager plugin for the AWS CLI.",
  );
}
