import type { Deployment } from "@pulumi/pulumi/automation";
import { stateOf, withState } from "./recover";

/** The state with one resource's protection taken off. */
export function withoutProtection(deployment: Deployment, urn: string): Deployment {
  const state = stateOf(deployment);
  const resources = (state.resources ?? []).map((resource) =>
    resource.urn === urn ? { ...resource, protect: false } : resource,
  );
  return withState(deployment, { ...state, resources });
}
