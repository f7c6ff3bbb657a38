import type { WorkstationPlan, PlannedEnvironment, Port } from "../plan/model";
import { isLoopback } from "../settings/loopback";
import type { Endpoint } from "./model";

/** User inside every environment. */
const INSIDE_USER = "dev";

/** What `ssh -J` takes for the machine of an `ssh://` daemon: `ada@gpu-box:2200`. */
function jumpHost(host: string | undefined): string | undefined {
  if (host?.startsWith("ssh://") !== true) return undefined;
  const { username, hostname, port } = new URL(host);
  const user = username === "" ? "" : `${decodeURIComponent(username)}@`;
  return `${user}${hostname}${port === "" ? "" : `:${port}`}`;
}

/** The command that forwards a port of the daemon's machine to the same port here. */
function tunnelCommand(host: string, address: string, port: number): string {
  const { username, hostname, port: sshPort } = new URL(host);
  const user = username === "" ? "" : `${decodeURIComponent(username)}@`;
  const option = sshPort === "" ? "" : ` -p ${sshPort}`;
  return `ssh -N -L ${port}:${address}:${port}${option} ${user}${hostname}`;
}

function endpointOf(plan: WorkstationPlan, environment: PlannedEnvironment): Endpoint {
  const { host, local, reachableAt } = plan.docker;
  const { profile, container } = environment;
  const published = (name: Port["name"]) =>
    profile.ports.find((port) => port.name === name)?.published;
  const jupyter = published("jupyter");
  const ssh = published("ssh");
  const jump = !local && isLoopback(reachableAt) ? jumpHost(host) : undefined;
  const scheme = profile.env.GPUDEV_TLS_CERT === undefined ? "http" : "https";
  return {
    user: environment.user,
    environment: container,
    ...(jupyter === undefined ? {} : { jupyter: `${scheme}://${reachableAt}:${jupyter.port}/lab` }),
    ...(ssh === undefined
      ? {}
      : {
          ssh: {
            host: reachableAt,
            port: ssh.port,
            user: INSIDE_USER,
            alias: container,
            ...(jump === undefined ? {} : { proxyJump: jump }),
          },
        }),
    ...(jupyter === undefined || jump === undefined || host === undefined
      ? {}
      : { tunnel: tunnelCommand(host, reachableAt, jupyter.port) }),
    devices: profile.gpu?.devices ?? [],
    pricePerHour: 0,
  };
}

/** How each user of a plan gets in, in the order of slots. */
export function endpointsOf(plan: WorkstationPlan): Endpoint[] {
  return plan.environments.map((environment) => endpointOf(plan, environment));
}
