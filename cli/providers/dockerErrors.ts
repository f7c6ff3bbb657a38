import type { CommandResult } from "../../components/lookups/command";

/** What the daemon's words mean for the person who reads them, and the mend. */
const MENDS: readonly (readonly [RegExp, string])[] = [
  [
    /port is already allocated|address already in use/i,
    "another program has this port: stop it, or choose others with `gpudev:ports`",
  ],
  [
    /pool overlaps|overlaps with other one/i,
    "another Docker network has this range: choose one with `gpudev:networks: {range: …}`",
  ],
  [
    /could not select device driver|unknown or invalid runtime name: nvidia/i,
    "Docker cannot hand over GPUs: install the NVIDIA container toolkit, then `gpudev doctor`",
  ],
  [
    /unresolvable CDI devices|CDI device injection failed/i,
    "Docker does not know this GPU: run `nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml`, then `gpudev doctor`",
  ],
  [
    /cannot connect to the docker daemon|connection refused|error during connect/i,
    "start the Docker daemon, or name another with `gpudev:docker: {host: …}`",
  ],
  [
    /permission denied while trying to connect/i,
    "your user may not use Docker: add it to the group `docker` and log in again",
  ],
  [/no space left on device/i, "free disk space, for instance by `docker system prune`"],
  [/no such image|pull access denied/i, "run `gpudev up` again: it builds the image first"],
  [/command not found|ENOENT/i, "install the Docker client"],
];

/** One sentence for a docker command that failed: what the daemon said, and the mend. */
export function explain(args: readonly string[], result: CommandResult): string {
  const what = `docker ${args.slice(0, 2).join(" ")}`;
  if (result.timedOut) return `${what} did not answer in time; is the daemon overloaded?`;
  const said = (result.stderr.trim() || result.stdout.trim() || `exit code ${result.exitCode}`)
    .replace(/^(docker: )?Error response from daemon: /gm, "")
    .replace(/\n(See 'docker .*|exit status \d+$)/s, "");
  const mend = MENDS.find(([pattern]) => pattern.test(said))?.[1];
  return mend === undefined ? `${what}: ${said}` : `${what}: ${said}\n${mend}`;
}
