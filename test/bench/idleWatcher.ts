import { HostScene } from "../support/hostScene";
import { eventually } from "../support/processes";
import { compare, typical, type Figure, type Measurement, type Samples, type Say } from "./figures";

const ROUNDS = 15;

/**
 * Runs programs in turn and prints, for each, the seconds of processor time and the peak memory in KiB
 * of its processes: of the largest one, as the kernel counts them for whoever waits for them.
 */
const MEASURE = `
import json, os, sys
programs = {"watcher": ["/usr/local/sbin/gpudev-host", "idle"], "bare": ["/usr/bin/python3", "-I", "-c", "pass"]}
rows = []
for turn in range(int(sys.argv[1])):
    row = {}
    for name in sorted(programs, reverse=turn % 2 == 1):
        null = os.open(os.devnull, os.O_RDWR)
        actions = [(os.POSIX_SPAWN_DUP2, null, number) for number in (1, 2)]
        pid = os.posix_spawn(programs[name][0], programs[name], os.environ, file_actions=actions)
        _, status, usage = os.wait4(pid, 0)
        os.close(null)
        if status != 0:
            sys.exit(f"{name} ended with {status}")
        row[name] = [usage.ru_utime + usage.ru_stime, usage.ru_maxrss]
    rows.append(row)
print(json.dumps(rows))
`;

type Row = Readonly<Record<"watcher" | "bare", readonly [cpu: number, memory: number]>>;

function samples(rows: readonly Row[], column: 0 | 1, scale: number): Samples<keyof Row> {
  const of = (name: keyof Row) => rows.map((row) => row[name][column] / scale);
  return new Map([
    ["watcher", of("watcher")],
    ["bare", of("bare")],
  ]);
}

async function measure(say: Say): Promise<readonly Figure[]> {
  say("boots a host");
  const scene = await HostScene.make();
  try {
    const { machine } = scene;
    await machine.boot();
    await machine.sh("cloud-init status --wait");
    await scene.shareImage();
    scene.put(scene.document(["alice", "bob"]));
    await eventually("the host is ready", () => scene.verdict()?.ready === true, 280_000);
    // It looks when it is told to, and at nothing that it does every few seconds besides.
    await machine.sh("systemctl stop gpudevhost-idle.timer gpudevhost-idle.service");
    say(`${ROUNDS} rounds`);
    const rows = JSON.parse(await machine.sh(`python3 -I - ${ROUNDS}`, MEASURE)) as Row[];
    const [cpu, memory] = [samples(rows, 0, 1), samples(rows, 1, 1024)];
    return [
      {
        name: "idle watcher, processor time of one look",
        value: typical(cpu, "watcher"),
        unit: "s",
        ratio: compare(cpu, "watcher", "bare"),
        note: `a host of two users, with the docker, systemctl and ss that it runs; against \`python3 -c pass\` (${typical(cpu, "bare").toFixed(3)} s)`,
      },
      {
        name: "idle watcher, share of one core",
        value: typical(cpu, "watcher") / 60,
        unit: "",
        atMost: 0.01,
        note: "it looks once a minute",
      },
      {
        name: "idle watcher, peak memory",
        value: typical(memory, "watcher"),
        unit: "MiB",
        ratio: compare(memory, "watcher", "bare"),
        note: `of its largest process; against \`python3 -c pass\` (${typical(memory, "bare").toFixed(1)} MiB); its unit allows 256 MiB in all`,
      },
    ];
  } finally {
    await scene.close();
  }
}

/** What the idle watcher of a GPU host costs, each time that it looks. */
export const idleWatcher: Measurement = {
  name: "idle",
  title: "Processor time and memory of the idle watcher on a host",
  measure,
};
