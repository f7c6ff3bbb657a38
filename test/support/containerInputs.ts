import type { Properties } from "../../cli/providers/values";
import { containerArgs } from "../../components/workstation/containerArgs";
import type { PlannedEnvironment } from "../../components/plan/model";
import { handPlan } from "./handPlan";

/** An environment as a plan has it. */
export function oneEnvironment(): PlannedEnvironment {
  const [environment] = handPlan({
    stack: "unit",
    users: ["alice"],
    image: "sha256:1",
  }).environments;
  if (environment === undefined) throw new Error("the plan has no environment");
  return environment;
}

/** What the component sends to the provider for an environment. */
export function containerInputs(environment: PlannedEnvironment = oneEnvironment()): Properties {
  const { args, more } = containerArgs(environment);
  const sent = { ...args, ...more, image: "sha256:1", networksAdvanced: [{ name: "net" }] };
  return JSON.parse(JSON.stringify(sent)) as Properties;
}
