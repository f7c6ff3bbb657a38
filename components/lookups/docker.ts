import { type CommandResult, runCommand } from "./command";
import { isLocal, lastLine, QUESTION_MS } from "./machine";
import type { Answer, DockerEndpoint } from "./model";
import { sshTurns } from "./turns";

const DEFAULT_SOCKET = "unix:///var/run/docker.sock";

/** The daemon as the Docker client reaches it. */
export interface DockerClient extends DockerEndpoint {
  /** Runs a Docker command and returns what it printed, or why there is nothing. */
  ask(args: readonly string[]): Promise<Answer<string>>;
  /** Runs a Docker command and returns how it ended. */
  run(args: readonly string[]): Promise<CommandResult>;
}

const UNREACHED =
  /connection refused|no such host|failed to connect|error during connect|dial tcp|exit status 255/i;

/** The core of what the client says: over SSH the words of ssh itself, else what follows the request. */
function detail(text: string): string {
  const line = lastLine(text);
  const inner = /stderr=(.+)$/.exec(line) ?? /: (dial .+)$/.exec(line);
  return (inner?.[1] ?? line).replace(/\.?$/, "");
}

/** Why a Docker command gave nothing, in plain words. */
export function failure(result: CommandResult, where: string): string {
  if (result.timedOut) {
    return `The Docker daemon at ${where} did not answer within ${QUESTION_MS / 1000} seconds`;
  }
  const text = result.stderr.trim();
  if (result.exitCode === 127 && /ENOENT/.test(text)) {
    return "There is no docker command on this machine";
  }
  if (/permission denied/i.test(text)) {
    return `This user may not talk to the Docker daemon at ${where} (permission denied)`;
  }
  if (/cannot connect to the docker daemon/i.test(text)) {
    return `The Docker daemon does not answer at ${where}`;
  }
  if (UNREACHED.test(text))
    return `The Docker daemon does not answer at ${where} (${detail(text)})`;
  return lastLine(text) || `docker ended with code ${result.exitCode}`;
}

/** Finds the daemon that settings name, else the one that the Docker client uses by itself. */
export async function dockerClient(host: string | undefined): Promise<DockerClient> {
  const found = host ?? (await currentHost());
  const address = found === DEFAULT_SOCKET ? undefined : found;
  const env = address === undefined ? {} : { DOCKER_HOST: address };
  const overSsh = address?.startsWith("ssh://") === true;
  const start = (args: readonly string[]) =>
    runCommand("docker", args, { timeout: QUESTION_MS, env });
  const run = (args: readonly string[]) => (overSsh ? sshTurns(() => start(args)) : start(args));
  return {
    ...(address === undefined ? {} : { host: address }),
    local: isLocal(address),
    run,
    ask: async (args) => {
      const result = await run(args);
      if (result.exitCode === 0 && !result.timedOut) return { known: true, value: result.stdout };
      return { known: false, because: failure(result, address ?? DEFAULT_SOCKET) };
    },
  };
}

async function currentHost(): Promise<string | undefined> {
  const result = await runCommand(
    "docker",
    ["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"],
    { timeout: QUESTION_MS },
  );
  const host = result.exitCode === 0 ? result.stdout.trim() : "";
  return host === "" ? process.env.DOCKER_HOST : host;
}
