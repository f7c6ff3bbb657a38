import { readLookups } from "./lookups";
import type * as awsLookups from "./lookups/aws/readAwsLookups";
import { makePlan } from "./plan";
import { makeAwsPlan } from "./plan/aws/makeAwsPlan";
import { isAwsStack } from "./plan/aws/stack";
import type { Plan } from "./plan";
import type { Settings } from "./settings";

/** Asks what the stack's target has to know, and decides. */
export async function decidePlan(settings: Settings): Promise<Plan> {
  if (!isAwsStack(settings)) return makePlan(settings, await readLookups(settings));
  // Loaded where it is needed: a workstation asks no cloud.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { readAwsLookups } = require("./lookups/aws/readAwsLookups") as typeof awsLookups;
  return makeAwsPlan(settings, await readAwsLookups(settings));
}
