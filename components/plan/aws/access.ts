import type { Finding } from "../../settings/finding";
import type { Seat } from "../../settings/schema";
import { warning } from "../findings";
import { parameterPrefix, sessionDocumentName } from "./awsNames";
import type { PlannedAccess, PlannedSessionDocument } from "./model";
import type { HostShape } from "./shape";
import type { AwsStack } from "./stack";

const SERVICES = ["jupyter", "ssh"] as const;

/** Port on which Caddy serves slot 0 by https; the loopback ports stay the containers'. */
export const DIRECT_HTTPS = 10_443;

/** SSM documents that an account has in a region unless AWS raises it (AWS General Reference, "Systems Manager endpoints and quotas"). */
const DOCUMENTS_PER_REGION = 500;

/**
 * Slots with a way in: every place of a host, so that a newcomer adds none, and those beyond that
 * somebody holds. None where nobody is on a host.
 */
function slotsOf(taken: readonly number[], places: number): number[] {
  if (taken.length === 0) return [];
  const all = new Set([...Array.from({ length: places }, (_, slot) => slot), ...taken]);
  return [...all].toSorted((a, b) => a - b);
}

/** How users get in: a Session document for each slot and service, shared by all hosts; ports for direct access. */
export function planAccess(
  settings: AwsStack,
  users: ReadonlyMap<string, Seat>,
  { places }: Pick<HostShape, "places">,
  prefix: string,
  id: string,
): PlannedAccess {
  const { directFrom, domain } = settings.aws.access;
  const taken = [...new Set([...users.values()].map(({ slot }) => slot))];
  const slots = slotsOf(taken, places);
  const services = SERVICES.filter((service) => settings.services[service]);
  const documents = services.flatMap((service) =>
    slots.map((slot): PlannedSessionDocument => ({
      name: sessionDocumentName(prefix, service, slot),
      service,
      slot,
      port: settings.ports[service] + slot,
    })),
  );
  const last = taken.reduce((most, slot) => Math.max(most, slot), -1);
  const direct = directFrom.length > 0 && last >= 0;
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

/** What AWS refuses at first: more Session documents than an account has room for. */
export function checkDocuments({ documents }: PlannedAccess): Finding[] {
  if (documents.length <= DOCUMENTS_PER_REGION) return [];
  return [
    warning(
      "many-session-documents",
      "gpudev:aws.hosts.usersPerHost",
      `Every place of a host needs a Session document for each service: ${documents.length} in all, and an account has room for ${DOCUMENTS_PER_REGION} in a region unless AWS has raised that`,
      "Write fewer usersPerHost, turn a service off, or ask AWS for more.",
    ),
  ];
}
