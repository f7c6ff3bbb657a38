import type { AwsEnvironment, AwsPlan, PlannedSessionDocument } from "../plan/aws/model";
import type { Endpoint } from "./model";

/** User inside every environment. */
const INSIDE_USER = "dev";

/** What has to be known of a host to reach it. */
export interface ReachableHost {
  readonly instanceId: string;
  /** Public address, or the private one. */
  readonly address: string;
}

/** The command that opens an SSM session with a document of ours. */
function sessionCommand(
  region: string,
  instanceId: string,
  document: string,
  localPort?: number,
): string {
  const base = `aws ssm start-session --region ${region} --target ${instanceId} --document-name ${document}`;
  return localPort === undefined ? base : `${base} --parameters localPortNumber=${localPort}`;
}

function portOf({ profile }: AwsEnvironment, name: "jupyter" | "ssh"): number | undefined {
  return profile.ports.find((port) => port.name === name)?.published?.port;
}

/** Ways past SSM, where settings name ranges for it. */
function direct(plan: AwsPlan, { user, host }: AwsEnvironment, { address }: ReachableHost) {
  if (plan.access.directFrom.length === 0) return undefined;
  const name = plan.hosts.find(({ index }) => index === host)?.name;
  const sites = plan.documents.find((document) => document.host === name)?.direct;
  const site = sites?.sites.find((one) => one.user === user);
  return {
    host: plan.access.domain === undefined ? address : `${name ?? ""}.${plan.access.domain}`,
    ...(site === undefined
      ? {}
      : { jupyter: `https://${sites?.name ?? address}:${site.listen}/lab` }),
  };
}

function endpointOf(plan: AwsPlan, environment: AwsEnvironment, host: ReachableHost): Endpoint {
  const { seat, container, profile } = environment;
  const { region } = plan;
  const document = (service: PlannedSessionDocument["service"]) =>
    plan.access.documents.find((one) => one.service === service && one.slot === seat.slot)?.name;
  const [jupyter, ssh] = [portOf(environment, "jupyter"), portOf(environment, "ssh")];
  const [jupyterDocument, sshDocument] = [document("jupyter"), document("ssh")];
  const open = direct(plan, environment, host);
  const tunnelled = open === undefined && jupyter !== undefined && jupyterDocument !== undefined;
  const address = open === undefined ? `http://127.0.0.1:${jupyter ?? 0}/lab` : open.jupyter;
  return {
    user: environment.user,
    environment: container,
    ...(jupyter === undefined || address === undefined ? {} : { jupyter: address }),
    ...(ssh === undefined
      ? {}
      : {
          ssh: {
            host: open?.host ?? host.instanceId,
            port: ssh,
            user: INSIDE_USER,
            alias: container,
            ...(open !== undefined || sshDocument === undefined
              ? {}
              : { proxyCommand: sessionCommand(region, host.instanceId, sshDocument) }),
          },
        }),
    ...(tunnelled
      ? { tunnel: sessionCommand(region, host.instanceId, jupyterDocument, jupyter) }
      : {}),
    devices: profile.gpu?.devices ?? [],
    pricePerHour: environment.pricePerHour,
  };
}

/** How each user of a plan on EC2 gets in, by host and slot; users of hosts that are not there are left out. */
export function awsEndpoints(
  plan: AwsPlan,
  hosts: Readonly<Record<string, ReachableHost>>,
): Endpoint[] {
  const names = new Map(plan.hosts.map(({ index, name }) => [index, name]));
  return plan.environments.flatMap((environment) => {
    const host = hosts[names.get(environment.host) ?? ""];
    return host === undefined ? [] : [endpointOf(plan, environment, host)];
  });
}
