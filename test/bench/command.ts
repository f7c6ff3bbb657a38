import * as fs from "node:fs";
import * as path from "node:path";
import { Project } from "../support/gpudev";
import { inTurn, seconds, typical, type Figure, type Measurement, type Say } from "./figures";
import { publicKeys, usersOf } from "./manyUsers";

const ROUNDS = 3;
const MANY = 1000;

/** Writes a process's peak of memory to a file when it ends; Node loads it before gpudev. */
const PEAK = `
const fs = require("node:fs");
process.on("exit", () => fs.writeFileSync(process.env.GPUDEV_BENCH_PEAK, String(process.resourceUsage().maxRSS)));
`;

/** `gpudev preview` of many users where there is no Pulumi CLI: settings, lookups, plan and its text alone. */
async function planMany(): Promise<readonly Figure[]> {
  const project = await Project.create("bench-many", 8);
  try {
    const hook = path.join(project.folder, "peak.cjs");
    const peak = path.join(project.folder, "peak");
    fs.writeFileSync(hook, PEAK);
    const bin = path.join(project.folder, "bin");
    fs.mkdirSync(bin);
    for (const name of ["node", "docker"]) link(name, bin);
    Object.assign(project.env, {
      PATH: bin,
      GPUDEV_CACHE_DIR: path.join(project.folder, "cache"),
      GPUDEV_BENCH_PEAK: peak,
      NODE_OPTIONS: `--require=${hook}`,
    });
    // Ports of other services lie between those of the other tests' stacks.
    project.write({ users: usersOf(publicKeys(MANY)), ports: { jupyter: 40_000, ssh: 42_000 } });
    const taken = await seconds(async () => {
      const { code, stderr } = await project.gpudev("preview");
      if (code !== 0) throw new Error(stderr.slice(0, 2000));
    });
    const name = `gpudev preview of ${MANY} users, no engine`;
    return [
      {
        name,
        value: taken,
        unit: "s",
        note: "the whole command: settings, lookups, plan, its text",
      },
      {
        name: `${name}, peak of memory`,
        value: Number(fs.readFileSync(peak, "utf8")) / 1024,
        unit: "MiB",
      },
    ];
  } finally {
    await project.cleanUp();
  }
}

function link(name: string, folder: string): void {
  const found = (process.env.PATH ?? "")
    .split(path.delimiter)
    .map((one) => path.join(one, name))
    .find((file) => fs.existsSync(file));
  if (found === undefined) throw new Error(`${name} is not on PATH`);
  fs.symlinkSync(fs.realpathSync(found), path.join(folder, name));
}

/** `destroy` of two users, `up` again, and once more with nothing to do. */
async function upTwo(say: Say): Promise<readonly Figure[]> {
  const project = await Project.create("bench-two", 8);
  try {
    project.write({
      users: usersOf(publicKeys(2)),
      limits: { memory: "2GiB" },
    });
    say("up of two users; builds the image where that was not done before");
    await project.up();
    const destroy = await seconds(() => project.destroy());
    const first = await seconds(() => project.up());
    const rounds = await inTurn(ROUNDS, {
      again: () =>
        seconds(async () => {
          const { changes } = await project.up();
          if (Object.keys(changes).length > 0) throw new Error(JSON.stringify(changes));
        }),
    });
    const again = typical(rounds, "again");
    return [
      { name: "gpudev up of two users, image there", value: first, unit: "s" },
      {
        name: "gpudev up of two users, unchanged",
        value: again,
        unit: "s",
        ratio: again / first,
      },
      { name: "gpudev destroy of two users", value: destroy, unit: "s" },
    ];
  } finally {
    await project.cleanUp();
  }
}

/** What the real command takes. */
export const command: Measurement = {
  name: "command",
  title: "The command: a large preview's memory, `up` again, `destroy`",
  measure: async (say) => [...(await planMany()), ...(await upTwo(say))],
};
