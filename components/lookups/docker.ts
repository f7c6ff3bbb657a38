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

/** What the Docker client uses by itself. */
export interface DockerContext {
  readonly host?: string;
  /** Why gpudev cannot use it. */
  readonly because?: string;
}

/** Name, address and certificates of the context, each on its line, as the client prints them by our format. */
export function parseContext(text: string): DockerContext {
  const [name = "", host = "", certificates = ""] = text.split("\n");
  if (host === "") return {};
  // The default context's certificates come by DOCKER_CERT_PATH, which every command gets.
  if (name === "default" || certificates === "" || certificates === "0") return { host };
  return {
    host,
    because: `The Docker context ${name} reaches ${host} with certificates of its own, which gpudev does not hand on (instead of the context set DOCKER_HOST, DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH, or name the daemon by ssh://)`,
  };
}

/** Finds the daemon that settings name, else the one that the Docker client uses by itself. */
export async function dockerClient(host: string | undefined): Promise<DockerClient> {
  const { host: found, because } = host === undefined ? await currentContext() : { host };
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
      if (because !== undefined) return { known: false, because };
      const result = await run(args);
      if (result.exitCode === 0 && !result.timedOut) return { known: true, value: result.stdout };
      return { known: false, because: failure(result, address ?? DEFAULT_SOCKET) };
    },
  };
}

const CONTEXT = "{{.Name}}\n{{.Endpoints.docker.Host}}\n{{len .TLSMaterial}}";

async function currentContext(): Promise<DockerContext> {
  const result = await runCommand("docker", ["context", "inspect", "--format", CONTEXT], {
    timeout: QUESTION_MS,
  });
  const context = result.exitCode === 0 ? parseContext(result.stdout) : {};
  const host = context.host ?? process.env.DOCKER_HOST;
  return { ...context, ...(host === undefined ? {} : { host }) };
}
