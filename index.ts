import * as fs from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { decidePlan } from "./components/decide";
import { deployPlan, type Outputs } from "./components/deploy";
import type { AwsOutputs } from "./components/deployAws";
import { parseSettings, type Finding } from "./components/settings";
import { settingsError } from "./components/settings/settingsError";
import { readBackendUrl } from "./components/lookups/backend";
import { packageRoot } from "./components/lookups/paths";
import { isAwsStack } from "./components/plan/aws/stack";
import { checkBackend } from "./components/plan/aws/state";

/** Says what was found that does not stop the run. */
async function tell(findings: readonly Finding[]): Promise<void> {
  for (const { severity, path: where, message, mend } of findings) {
    if (severity === "error") continue;
    const text = `${where}: ${message} ${mend}`;
    await (severity === "warning" ? pulumi.log.warn(text) : pulumi.log.info(text));
  }
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
  const plan = await decidePlan(settings);
  const state = isAwsStack(settings)
    ? checkBackend(settings.aws, readBackendUrl(process.env, packageRoot()))
    : [];
  const found = [...findings, ...state, ...plan.findings];
  await tell(found);
  if (found.some(({ severity }) => severity === "error")) throw settingsError(found);
  return deployPlan(plan);
}

export = program;
