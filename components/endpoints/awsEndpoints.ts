import { parameterPath } from "../plan/aws/awsNames";
import type { AwsEnvironment, AwsPlan, PlannedSessionDocument } from "../plan/aws/model";
import { sessionArgs, sessionProxy } from "./awsSessions";
import type { Endpoint } from "./model";

/** User inside every environment. */
const INSIDE_USER = "dev";

/** What has to be known of a host to reach it. */
export interface ReachableHost {
  readonly instanceId: string;
  /** Public address, or the private one. */
  readonly address: string;
}

function portOf({ profile }: AwsEnvironment, name: "jupyter" | "ssh"): number | undefined {
  return profile.ports.find((port) => port.name === name)?.published?.port;
}

/** A plan by what is looked up in it, so that each user costs the same however many there are. */
interface Index {
  readonly plan: AwsPlan;
  /** Names of hosts by number. */
  readonly hosts: ReadonlyMap<number, string>;
  /** Names of Session documents by service and slot. */
  readonly documents: ReadonlyMap<string, string>;
  /** Public addresses of Jupyter servers by user, without scheme; the host's own address where there is no name. */
  readonly sites: ReadonlyMap<string, { readonly name?: string; readonly listen: number }>;
}

const documentKey = (service: PlannedSessionDocument["service"], slot: number) =>
  `${service} ${slot}`;

function indexOf(plan: AwsPlan): Index {
  return {
    plan,
    hosts: new Map(plan.hosts.map(({ index, name }) => [index, name])),
    documents: new Map(
      plan.access.documents.map(({ service, slot, name }) => [documentKey(service, slot), name]),
    ),
    sites: new Map(
      plan.documents.flatMap(({ direct }) =>
        (direct?.sites ?? []).map(({ user, listen }) => [
          user,
          { listen, ...(direct?.name === undefined ? {} : { name: direct.name }) },
        ]),
      ),
    ),
  };
}

/** Ways past SSM, where settings name ranges for it. */
function direct(
  { plan, hosts, sites }: Index,
  { user, host }: AwsEnvironment,
  { address }: ReachableHost,
) {
  if (plan.access.directFrom.length === 0) return undefined;
  const site = sites.get(user);
  const { domain } = plan.access;
  return {
    host: domain === undefined ? address : `${hosts.get(host) ?? ""}.${domain}`,
    ...(site === undefined
      ? {}
      : { jupyter: `https://${site.name ?? address}:${site.listen}/lab` }),
  };
}

function endpointOf(index: Index, environment: AwsEnvironment, host: ReachableHost): Endpoint {
  const { seat, container, profile } = environment;
  const { region } = index.plan;
  const document = (service: PlannedSessionDocument["service"]) =>
    index.documents.get(documentKey(service, seat.slot));
  const [jupyter, ssh] = [portOf(environment, "jupyter"), portOf(environment, "ssh")];
  const [jupyterDocument, sshDocument] = [document("jupyter"), document("ssh")];
  const open = direct(index, environment, host);
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
              : {
                  proxyCommand: sessionProxy(
                    { region, document: sshDocument },
                    parameterPath(index.plan.id, environment.host, environment.user, "instance"),
                  ),
                }),
          },
        }),
    ...(tunnelled
      ? {
          tunnel: `aws ${sessionArgs({ region, document: jupyterDocument }, host.instanceId, jupyter).join(" ")}`,
        }
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
  const index = indexOf(plan);
  return plan.environments.flatMap((environment) => {
    const host = hosts[index.hosts.get(environment.host) ?? ""];
    return host === undefined ? [] : [endpointOf(index, environment, host)];
  });
}
