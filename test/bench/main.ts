import { parseArgs } from "node:util";
import setup from "../support/e2eSetup";
import type { Figure, Measurement } from "./figures";
import { awsLoad } from "./awsLoad";
import { awsPlanning } from "./awsPlanning";
import { awsPreview } from "./awsPreview";
import { command } from "./command";
import { containerStart } from "./containerStart";
import { idleWatcher } from "./idleWatcher";
import { imageSize } from "./imageSize";
import { npmStart } from "./npmStart";
import { preview } from "./preview";
import { planning } from "./planning";
import { rebuild } from "./rebuild";
import { json, table } from "./table";

const MEASUREMENTS: readonly Measurement[] = [
  planning,
  preview,
  imageSize,
  containerStart,
  command,
  npmStart,
  rebuild,
  idleWatcher,
  awsPlanning,
  awsPreview,
  awsLoad,
];

const USAGE = `npm run bench -- [--only NAME]... [--json]
Prints what gpudev costs, each figure beside what it is held against.
${MEASUREMENTS.map(({ name, title }) => `  ${name.padEnd(14)}${title}`).join("\n")}
`;

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: "string", multiple: true },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const only = values.only?.flatMap((names) => names.split(","));
  const unknown = only?.filter((name) => !MEASUREMENTS.some((one) => one.name === name)) ?? [];
  if (values.help || unknown.length > 0) {
    for (const name of unknown) say(`There is no measurement ${name}.`);
    process.stdout.write(USAGE);
    process.exitCode = unknown.length > 0 ? 2 : 0;
    return;
  }
  const cleanUp = await setup();
  const figures: Figure[] = [];
  const failures: { name: string; because: string }[] = [];
  for (const { name, title, measure } of MEASUREMENTS) {
    if (only !== undefined && !only.includes(name)) continue;
    say(`… ${title}`);
    try {
      figures.push(...(await measure((line) => say(`    ${line}`))));
    } catch (error) {
      const because = error instanceof Error ? error.message : String(error);
      failures.push({ name, because });
      say(`✗ ${name} could not be measured: ${because}`);
    }
  }
  cleanUp();
  if (values.json)
    process.stdout.write(`${JSON.stringify({ figures: json(figures), failures }, undefined, 2)}\n`);
  else
    process.stdout.write(
      [
        table(figures),
        ...failures.map(({ name, because }) => `${name} could not be measured: ${because}`),
        "",
      ].join("\n"),
    );
  if (failures.length > 0) process.exitCode = 1;
}

void main();
