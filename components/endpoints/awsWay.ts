import { DIRECT_HTTPS } from "../plan/aws/access";
import {
  awsPrefix,
  hostName,
  parameterPath,
  sessionDocumentName,
  type Published,
} from "../plan/aws/awsNames";
import type { AwsStack } from "../plan/aws/stack";
import { namesOf } from "../plan/names";
import type { AwsSession } from "./awsSessions";

/** How one user reaches the own environment on EC2, as far as the stack file alone tells. */
export interface AwsWay {
  readonly user: string;
  /** Container of the environment, and the name by which `ssh` knows it. */
  readonly alias: string;
  /** `host-0`. */
  readonly host: string;
  readonly region: string;
  /** Sessions by service, and the port on the host that each leads to; a service that is off has none. */
  readonly jupyter?: AwsSession & { readonly port: number };
  readonly ssh?: AwsSession & { readonly port: number };
  /** Path of something that the host publishes for the user. */
  readonly parameter: (what: Published) => string;
  /** Direct access, where settings open it: the host's name, or none where it goes by its address. */
  readonly direct?: { readonly name?: string; readonly https: number };
}

/** The way of a user; undefined where the stack file records no id or no seat of that name. */
export function awsWay(settings: AwsStack, user: string): AwsWay | undefined {
  const { id } = settings.seats;
  const seat = settings.seats[user];
  if (id === undefined || seat === undefined || typeof seat === "string") return undefined;
  const { region, access } = settings.aws;
  const host = hostName(seat.host);
  const session = (service: "jupyter" | "ssh") =>
    settings.services[service]
      ? {
          [service]: {
            region,
            document: sessionDocumentName(awsPrefix(settings.stack, id), service, seat.slot),
            port: settings.ports[service] + seat.slot,
          },
        }
      : {};
  return {
    user,
    alias: namesOf(settings.stack, user).container,
    host,
    region,
    ...session("jupyter"),
    ...session("ssh"),
    parameter: (what) => parameterPath(id, seat.host, user, what),
    ...(access.directFrom.length === 0
      ? {}
      : {
          direct: {
            https: DIRECT_HTTPS + seat.slot,
            ...(access.domain === undefined ? {} : { name: `${host}.${access.domain}` }),
          },
        }),
  };
}
