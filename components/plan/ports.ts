import type { Lookups, TakenPort } from "../lookups/model";
import type { Finding } from "../settings/finding";
import type { Settings } from "../settings/schema";
import { type Decided, error, groupBy, listed } from "./findings";
import type { Port } from "./model";

/** Ports inside a container, which the image fixes. */
const CONTAINER_PORTS = { jupyter: 8888, ssh: 2222 } as const;
const SERVICES = ["jupyter", "ssh"] as const;
const LAST_PORT = 65_535;
const ANY = new Set(["0.0.0.0", "::", "*"]);

function sameAddress(a: string, b: string): boolean {
  return a === b || ANY.has(a) || ANY.has(b) || a === `::ffff:${b}`;
}

interface Wanted {
  readonly user: string;
  readonly service: "jupyter" | "ssh";
  readonly port: number;
}

function overlaps(wanted: readonly Wanted[]): Finding[] {
  const byPort = groupBy(wanted, (want) => want.port);
  const twice = [...byPort].filter(([, wants]) => new Set(wants.map((w) => w.service)).size > 1);
  const [first] = twice;
  if (first === undefined) return [];
  return [
    error(
      "ports-overlap",
      "gpudev:ports",
      `Port ${first[0]} would be ${first[1].map((w) => `${w.user}'s ${w.service} port`).join(" and ")}; the two ranges meet`,
      "Put ports.jupyter and ports.ssh further apart than the highest slot.",
    ),
  ];
}

function takenBy(want: Wanted, address: string, holders: readonly TakenPort[], id: string) {
  const clash = holders.filter((taken) => sameAddress(taken.address, address));
  if (clash.length === 0 || clash.some((taken) => taken.stackId === id)) return [];
  const holder = clash.find((taken) => taken.holder !== undefined)?.holder;
  return [
    error(
      "port-taken",
      `gpudev:ports.${want.service}`,
      `Port ${want.port}, ${want.user}'s ${want.service} port, is held by ${holder ?? "another program"}`,
      `Stop ${holder ?? "that (as root, ss -ltnp names it)"}, or set ports.${want.service} to a range that is free.`,
    ),
  ];
}

/** Gives each slot its ports and holds them against the ports that are in use. */
export function assignPorts(
  settings: Settings,
  lookups: Pick<Lookups, "takenPorts">,
  slots: ReadonlyMap<string, number>,
  id: string,
): Decided<ReadonlyMap<string, readonly Port[]>> {
  const services = SERVICES.filter((service) => settings.services[service]);
  const { address } = settings.bind;
  const wanted = [...slots].flatMap(([user, slot]) =>
    services.map((service): Wanted => ({ user, service, port: settings.ports[service] + slot })),
  );
  const findings = overlaps(wanted);
  for (const service of services) {
    const beyond = wanted.filter((want) => want.service === service && want.port > LAST_PORT);
    if (beyond.length > 0) {
      findings.push(
        error(
          "port-beyond",
          `gpudev:ports.${service}`,
          `Ports end at ${LAST_PORT}, and ${listed(beyond.map((want) => want.user))} would get a higher one`,
          `Set ports.${service} lower.`,
        ),
      );
    }
  }
  const byPort = groupBy(
    lookups.takenPorts.known ? lookups.takenPorts.value : [],
    (taken) => taken.port,
  );
  for (const want of wanted) {
    findings.push(...takenBy(want, address, byPort.get(want.port) ?? [], id));
  }
  const value = new Map<string, Port[]>([...slots.keys()].map((user) => [user, []]));
  for (const { user, service, port } of wanted) {
    value.get(user)?.push({
      name: service,
      container: CONTAINER_PORTS[service],
      published: { address, port },
    });
  }
  return { value, findings };
}
