import * as path from "node:path";
import { ROOT } from "../support/gpudev";
import { must } from "../support/processes";
import { compare, inTurn, typical, type Figure, type Measurement, type Say } from "./figures";

const ROUNDS = 7;

/** What each process loads: the SDK alone, and what a stack's program loads of gpudev. */
const LOADS = {
  sdk: ["@pulumi/aws"],
  aws: ["./dist/components/deploy.js", "./dist/components/deployAws.js"],
  workstation: ["./dist/components/deploy.js"],
} as const;

type What = keyof typeof LOADS;

interface Loaded {
  readonly seconds: number;
  /** Peak of memory, KiB. */
  readonly peak: number;
  /** Files of `@pulumi/aws` among what was loaded. */
  readonly files: number;
}

/** Loads modules in a Node process of their own, which then tells what that took. */
async function load(what: What): Promise<Loaded> {
  const script = `
const start = performance.now();
for (const name of ${JSON.stringify(LOADS[what])}) require(name.startsWith(".") ? require("node:path").resolve(name) : name);
const seconds = (performance.now() - start) / 1000;
const part = ${JSON.stringify(`${path.sep}@pulumi${path.sep}aws${path.sep}`)};
const files = Object.keys(require.cache).filter((file) => file.includes(part)).length;
process.stdout.write(JSON.stringify({ seconds, peak: process.resourceUsage().maxRSS, files }));
process.exit(0);`;
  const answer = await must("node", ["-e", script], { cwd: ROOT });
  return JSON.parse(answer) as Loaded;
}

async function measure(say: Say): Promise<readonly Figure[]> {
  const peaks = new Map<What, number[]>();
  const files = new Map<What, number>();
  const timed = (what: What) => async () => {
    const loaded = await load(what);
    peaks.set(what, [...(peaks.get(what) ?? []), loaded.peak / 1024]);
    files.set(what, loaded.files);
    return loaded.seconds;
  };
  // What nobody has read before comes from the disk.
  for (const what of ["sdk", "aws", "workstation"] as const) await load(what);
  say(`${ROUNDS} rounds, each in a Node process of its own, in turn`);
  const rounds = await inTurn(ROUNDS, {
    sdk: timed("sdk"),
    aws: timed("aws"),
    workstation: timed("workstation"),
  });
  const time = (name: string, what: What): Figure => ({
    name,
    value: typical(rounds, what),
    unit: "s",
    ...(what === "sdk" ? {} : { ratio: compare(rounds, what, "sdk") }),
  });
  const memory = (name: string, what: What): Figure => ({
    name: `${name}, peak of memory`,
    value: typical(peaks, what),
    unit: "MiB",
    ...(what === "sdk" ? {} : { ratio: compare(peaks, what, "sdk") }),
  });
  const all = (name: string, what: What) => [time(name, what), memory(name, what)];
  return [
    ...all("load @pulumi/aws alone", "sdk"),
    ...all("load the program of a stack on AWS", "aws"),
    ...all("load the program of a workstation", "workstation"),
    {
      name: "files of @pulumi/aws that a workstation's program loads",
      value: files.get("workstation") ?? Number.NaN,
      unit: "",
      atMost: 0,
      note: `the program of a stack on AWS loads ${files.get("aws") ?? 0}, importing the SDK alone ${files.get("sdk") ?? 0}; ratios are against that`,
    },
  ];
}

/** What loading gpudev's program costs beside Pulumi's AWS SDK, without which nothing can be made. */
export const awsLoad: Measurement = {
  name: "aws-load",
  title: "Loading a stack's program against loading @pulumi/aws alone",
  measure,
};
