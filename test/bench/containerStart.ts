import * as net from "node:net";
import { createArgs } from "../../cli/providers/containerCommand";
import { containerSchema } from "../../cli/providers/containerInputs";
import { containerArgs } from "../../components/workstation/containerArgs";
import { docker } from "../support/docker";
import { imageName } from "../support/image";
import { freePort, run, sleep } from "../support/processes";
import { compare, typical, type Figure, type Measurement, type Say } from "./figures";
import { emptyMachine, goodPlan, publicKeys, settingsFor } from "./manyUsers";

const ROUNDS = 9;
const POLL_MS = 10;
const LIMIT_MS = 180_000;
const NETWORK = "gpudev-bench";

/** Asks a port again and again until it answers as its service does; returns the moment. */
async function answered(port: number, ask: string, answer: RegExp): Promise<number> {
  const end = performance.now() + LIMIT_MS;
  while (performance.now() < end) {
    const said = await new Promise<string>((resolve) => {
      const socket = net.connect({ host: "127.0.0.1", port });
      let text = "";
      const done = () => {
        socket.destroy();
        resolve(text);
      };
      socket.on("connect", () => socket.write(ask));
      socket.on("data", (data) => {
        text += data.toString("latin1");
        if (answer.test(text)) done();
      });
      socket.on("close", done).on("error", done);
      socket.setTimeout(5_000, done);
    });
    if (answer.test(said)) return performance.now();
    await sleep(POLL_MS);
  }
  throw new Error(`nothing answered on port ${port} within ${LIMIT_MS / 1000} s`);
}

const SERVICES = {
  jupyter: {
    inside: 8888,
    ask: "GET /api HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    answer: /^HTTP\/1\.1 200 [^]*"version"/,
  },
  ssh: { inside: 2222, ask: "", answer: /^SSH-2\.0-/ },
} as const;
type Service = keyof typeof SERVICES;

/** A way to start the same image: the command after `docker create`'s options, and an entry point other than the image's. */
interface Way {
  readonly services: readonly Service[];
  readonly entrypoint?: string;
  readonly command: readonly string[];
}

const BARE_SSHD =
  'test -s ~/key || ssh-keygen -q -t ed25519 -N "" -f ~/key; ' +
  "exec /usr/sbin/sshd -D -e -f /etc/ssh/sshd_config_gpudev -o ListenAddress=0.0.0.0 -o HostKey=$HOME/key";

const WAYS = {
  gpudev: { services: ["jupyter", "ssh"], command: ["jupyter", "ssh"] },
  bareJupyter: {
    services: ["jupyter"],
    entrypoint: "/usr/bin/tini",
    command: [
      ...["--", "/opt/venv/bin/jupyter-lab", "--no-browser"],
      ...["--ServerApp.ip=0.0.0.0", "--ServerApp.port=8888"],
    ],
  },
  bareSsh: {
    services: ["ssh"],
    entrypoint: "/usr/bin/tini",
    command: ["--", "sh", "-c", BARE_SSHD],
  },
} as const satisfies Record<string, Way>;

/** `docker create` for a way to start, with everything that hardens an environment. */
async function createCommand(
  way: Way,
  name: string,
): Promise<{ args: string[]; ports: Partial<Record<Service, number>> }> {
  const [environment] = goodPlan(settingsFor(publicKeys(1)), emptyMachine()).environments;
  if (environment === undefined) throw new Error("no environment planned");
  const { args, more } = containerArgs(environment);
  const ports = Object.fromEntries(
    await Promise.all(way.services.map(async (service) => [service, await freePort()] as const)),
  ) as Partial<Record<Service, number>>;
  const inputs = containerSchema.parse({
    ...args,
    ...more,
    name,
    hostname: name,
    labels: [{ label: "dev.gpudev.bench", value: "start" }],
    image: imageName(),
    command: [...way.command],
    restart: "no",
    mounts: [{ type: "volume", source: name, target: "/home/dev" }],
    networksAdvanced: [{ name: NETWORK }],
    ports: way.services.map((service) => ({
      internal: SERVICES[service].inside,
      external: ports[service],
      ip: "127.0.0.1",
    })),
  });
  const [create = "create", ...rest] = createArgs(inputs);
  const entrypoint = way.entrypoint === undefined ? [] : ["--entrypoint", way.entrypoint];
  return { args: [create, ...entrypoint, ...rest], ports };
}

/** Starts a container and returns the milliseconds until each service answers. */
async function start(
  name: string,
  ports: Partial<Record<Service, number>>,
): Promise<Partial<Record<Service, number>>> {
  const begin = performance.now();
  const asked = Object.entries(ports).map(async ([service, port]) => {
    const { ask, answer } = SERVICES[service as Service];
    return [service, (await answered(port, ask, answer)) - begin] as const;
  });
  await docker("start", name);
  return Object.fromEntries(await Promise.all(asked));
}

async function remove(name: string): Promise<void> {
  await run("docker", ["rm", "--force", "--volumes", name]);
  await run("docker", ["volume", "rm", "--force", name]);
}

async function oneRound(round: number, samples: Map<string, number[]>): Promise<void> {
  const ways = Object.entries(WAYS);
  // Each is first in turn, since who comes first finds a colder machine.
  const turn = round % ways.length;
  for (const [way, how] of [...ways.slice(turn), ...ways.slice(0, turn)]) {
    const name = `gpudev-bench-${way.toLowerCase()}`;
    await remove(name);
    const { args, ports } = await createCommand(how, name);
    await docker(...args);
    try {
      for (const phase of ["first", "again"]) {
        for (const [service, time] of Object.entries(await start(name, ports))) {
          const id = `${way} ${service} ${phase}`;
          samples.set(id, [...(samples.get(id) ?? []), time]);
        }
        await docker("kill", name);
      }
    } finally {
      await remove(name);
    }
  }
}

async function measure(say: Say): Promise<readonly Figure[]> {
  const samples = new Map<string, number[]>();
  await run("docker", ["network", "create", "--subnet", "10.228.255.0/28", NETWORK]);
  try {
    for (let round = 1; round <= ROUNDS; round++) {
      say(`round ${round} of ${ROUNDS}`);
      await oneRound(round, samples);
    }
  } finally {
    await run("docker", ["network", "rm", NETWORK]);
  }
  const pairs = [
    ["Jupyter", "jupyter", "bareJupyter"],
    ["SSH", "ssh", "bareSsh"],
  ] as const;
  return pairs.flatMap(([title, service, bare]) =>
    (["first", "again"] as const).flatMap((phase): Figure[] => {
      const own = `gpudev ${service} ${phase}`;
      const other = `${bare} ${service} ${phase}`;
      const words = phase === "first" ? "first start" : "later start";
      return [
        {
          name: `${title} answers, ${words}, bare`,
          value: typical(samples, other) / 1000,
          unit: "s",
        },
        {
          name: `${title} answers, ${words}`,
          value: typical(samples, own) / 1000,
          unit: "s",
          ratio: compare(samples, own, other),
          atMost: 1.2,
        },
      ];
    }),
  );
}

/** How soon an environment answers, beside a bare `jupyter lab` and a bare sshd in the same image. */
export const containerStart: Measurement = {
  name: "start",
  title: "Container start to the first answer, beside bare services in the same image",
  measure,
};
