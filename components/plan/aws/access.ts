import type { Seat } from "../../settings/schema";
import { parameterPrefix } from "./awsNames";
import type { PlannedAccess, PlannedSessionDocument } from "./model";
import type { AwsStack } from "./stack";

const SERVICES = ["jupyter", "ssh"] as const;

/** Port on which Caddy serves slot 0 by https; the loopback ports stay the containers'. */
export const DIRECT_HTTPS = 10_443;

/** How users get in: a Session document for each slot and service, shared by all hosts; ports for direct access. */
export function planAccess(
  settings: AwsStack,
  users: ReadonlyMap<string, Seat>,
  prefix: string,
  id: string,
): PlannedAccess {
  const { directFrom, domain } = settings.aws.access;
  const slots = [...new Set([...users.values()].map(({ slot }) => slot))].toSorted((a, b) => a - b);
  const services = SERVICES.filter((service) => settings.services[service]);
  const documents = services.flatMap((service) =>
    slots.map((slot): PlannedSessionDocument => ({
      name: `${prefix}-${service}-${slot}`,
      service,
      slot,
      port: settings.ports[service] + slot,
    })),
  );
  const last = slots.at(-1);
  const direct = directFrom.length > 0 && last !== undefined;
  const from = { jupyter: DIRECT_HTTPS, ssh: settings.ports.ssh };
  return {
    documents,
    principals: Object.fromEntries(
      settings.users.flatMap(({ name, principal }) =>
        principal === undefined ? [] : [[name, principal]],
      ),
    ),
    directFrom,
    directPorts: direct
      ? [
          ...services.map((service) => ({ from: from[service], to: from[service] + last })),
          // ACME proves that a name is ours over port 80.
          ...(domain === undefined || !settings.services.jupyter ? [] : [{ from: 80, to: 80 }]),
        ]
      : [],
    ...(domain === undefined ? {} : { domain }),
    parameterPrefix: parameterPrefix(id),
  };
}
