import { GetParameterCommand, type SSMClient } from "@aws-sdk/client-ssm";
import { awsWay, type AwsWay } from "../../components/endpoints";
import { executablesOnPath } from "../../components/lookups/executables";
import type { Published } from "../../components/plan/aws/awsNames";
import { CommandFailure, ExitCode } from "../outcome";
import { identify, readSeatRecord } from "../seatRecord";
import type { AwsStackOnFile } from "./awsStack";
import { awsFailure, missingAws, missingPlugin } from "./failures";

/** The seats in the stack's file; where it has lost them, those that this machine remembers. */
function seatsOf(read: AwsStackOnFile): AwsStackOnFile["settings"]["seats"] {
  const record = readSeatRecord(read.folders.seatsFile);
  if (record === undefined) return read.settings.seats;
  return identify(read.settings, record, () => record.id).settings.seats;
}

/**
 * The stack's id.
 * @throws CommandFailure (bad input) where nobody has brought the stack up
 */
export function stackIdOf(read: AwsStackOnFile): string {
  const { id } = seatsOf(read);
  if (id !== undefined) return id;
  throw new CommandFailure(
    ExitCode.badInput,
    `${read.file} records no id: the stack was never brought up.`,
    "Run `gpudev up`.",
  );
}

/** How users of a stack reach their environments, from its file alone. */
export function waysOf(read: AwsStackOnFile): AwsWay[] {
  const settings = { ...read.settings, seats: seatsOf(read) };
  return settings.users.flatMap(({ name }) => awsWay(settings, name) ?? []);
}

/**
 * How one user reaches the own environment.
 * @throws CommandFailure (bad input) where the stack has no such user, or nobody has brought it up
 */
export function wayOf(read: AwsStackOnFile, user: string): AwsWay {
  const names = read.settings.users.map(({ name }) => name);
  if (!names.includes(user))
    throw new CommandFailure(
      ExitCode.badInput,
      `Stack ${read.stack} has no user \`${user}\`.`,
      names.length === 0 ? "It has no users." : `Its users: ${names.join(", ")}.`,
    );
  const found = waysOf(read).find((way) => way.user === user);
  if (found !== undefined) return found;
  throw new CommandFailure(
    ExitCode.badInput,
    `${read.file} records no seat for ${user}, so it does not say on which host the environment is.`,
    "`gpudev up` makes the environment and records the seat; then take the file as it is afterwards.",
  );
}

/**
 * What a host has published for a user; undefined where it has not.
 * @throws CommandFailure where AWS cannot be asked, or refuses
 */
export async function readPublished(
  ssm: SSMClient,
  way: AwsWay,
  what: Published,
): Promise<string | undefined> {
  const Name = way.parameter(what);
  try {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name, WithDecryption: true }), {
      abortSignal: AbortSignal.timeout(20_000),
    });
    return Parameter?.Value;
  } catch (problem) {
    if (problem instanceof Error && problem.name === "ParameterNotFound") return undefined;
    throw awsFailure(problem, `Reading ${Name}`);
  }
}

/** The failure of an environment that has not told how it is reached. */
export function notPublished(way: AwsWay, what: string): CommandFailure {
  return new CommandFailure(
    ExitCode.failed,
    `The environment of ${way.user} has not published ${what} yet: it was never ready.`,
    `\`gpudev start ${way.user}\` starts it and waits; \`gpudev status\` says how far its host is.`,
  );
}

/**
 * What `aws` needs to open a session.
 * @throws CommandFailure (not ready) that names what is missing
 */
export function requireSessions(env: NodeJS.ProcessEnv): void {
  if (executablesOnPath("aws", env).length === 0) throw missingAws();
  if (executablesOnPath("session-manager-plugin", env).length === 0) throw missingPlugin();
}
