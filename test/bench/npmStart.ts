import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { findPulumiCli } from "../../cli/engine/cli";
import { docker, labelled, removeLabelled } from "../support/docker";
import { ROOT } from "../support/gpudev";
import { must } from "../support/processes";
import { seconds, type Figure, type Measurement, type Say } from "./figures";

const STACK = "local";
const LABEL = `dev.gpudev.stack=${STACK}`;
const LIMIT_MS = 3_600_000;

/** What the first start found ready. */
async function cached(): Promise<string> {
  const images = await docker("images", "--format", "{{.Repository}}:{{.Tag}}");
  const count = images.split("\n").filter((name) => name.startsWith("pytorch-cuda:")).length;
  const cli = (await findPulumiCli()) !== undefined;
  return [
    "Docker running",
    cli ? "a Pulumi CLI there" : "no Pulumi CLI there",
    count > 0 ? "image layers there" : "no image layers there",
    "state directory and stack file new",
  ].join(", ");
}

async function measure(say: Say): Promise<readonly Figure[]> {
  const own = await Promise.all(
    (["container", "volume", "network"] as const).map((kind) => labelled(kind, LABEL)),
  );
  if (own.flat().length > 0)
    throw new Error(`the stack ${STACK} is in use here: ${own.flat().join(", ")}`);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-bench-start-"));
  fs.mkdirSync(path.join(folder, "stacks"));
  const env = { ...process.env, NO_COLOR: "1", GPUDEV_STATE_DIR: path.join(folder, "state") };
  const npmStart = () =>
    must("npm", ["start", "--", "--cwd", folder], { cwd: ROOT, env, timeout: LIMIT_MS });
  try {
    const ready = await cached();
    say("first");
    const first = await seconds(npmStart);
    say("second");
    const second = await seconds(npmStart);
    return [
      { name: "npm start, first", value: first, unit: "s", note: ready },
      { name: "npm start, second", value: second, unit: "s", ratio: second / first },
    ];
  } finally {
    await removeLabelled(LABEL);
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** From nothing but the repository to an environment, and once more. */
export const npmStart: Measurement = {
  name: "npm-start",
  title: "First and second `npm start`",
  measure,
};
