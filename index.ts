import * as fs from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import {
  deployPlan,
  isAwsStack,
  makeAwsPlan,
  makePlan,
  parseSettings,
  readAwsLookups,
  readLookups,
  settingsError,
} from "./components";
import type { AwsOutputs, Finding, Outputs, Plan, Settings } from "./components";
import { packageRoot } from "./components/lookups/paths";

/** Says what was found that does not stop the run. */
async function tell(findings: readonly Finding[]): Promise<void> {
  for (const { severity, path: where, message, mend } of findings) {
    if (severity === "error") continue;
    const text = `${where}: ${message} ${mend}`;
    await (severity === "warning" ? pulumi.log.warn(text) : pulumi.log.info(text));
  }
}

/** Looks at the world that the target lives in, and decides. */
async function decide(settings: Settings): Promise<Plan> {
  if (isAwsStack(settings)) return makeAwsPlan(settings, await readAwsLookups(settings));
  return makePlan(settings, await readLookups(settings));
}

/** The program of plain `pulumi up`: settings, lookups, plan, target, outputs. */
async function program(): Promise<Outputs | AwsOutputs> {
  const stacks = path.join(packageRoot(), "stacks");
  const { settings, findings } = parseSettings({
    stack: pulumi.getStack(),
    config: pulumi.runtime.allConfig(),
    readFile: (name) => fs.readFileSync(path.resolve(stacks, name), "utf8"),
  });
  if (settings === undefined) throw settingsError(findings);
  const plan = await decide(settings);
  const found = [...findings, ...plan.findings];
  await tell(found);
  if (found.some(({ severity }) => severity === "error")) throw settingsError(found);
  return deployPlan(plan);
}

export = program;
