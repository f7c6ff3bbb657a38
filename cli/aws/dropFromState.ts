import type { Deployment } from "@pulumi/pulumi/automation";
import { stateOf, withState, type StateResource } from "../engine/recover";

/** How a resource's record names others. */
interface Links {
  readonly dependencies?: readonly string[];
  readonly propertyDependencies?: Readonly<Record<string, readonly string[] | null>>;
  readonly deletedWith?: string;
}

function withoutLinks(resource: StateResource & Links, urn: string): StateResource & Links {
  const { deletedWith, dependencies, propertyDependencies, ...rest } = resource;
  const others = (urns: readonly string[] | null) => (urns ?? []).filter((one) => one !== urn);
  return {
    ...rest,
    ...(dependencies === undefined ? {} : { dependencies: others(dependencies) }),
    ...(propertyDependencies === undefined
      ? {}
      : {
          propertyDependencies: Object.fromEntries(
            Object.entries(propertyDependencies).map(([key, urns]) => [key, others(urns)]),
          ),
        }),
    ...(deletedWith === undefined || deletedWith === urn ? {} : { deletedWith }),
  };
}

/** The state without one resource, which stays in the world; what referred to it does so no more. */
export function droppedFromState(deployment: Deployment, urn: string): Deployment {
  const state = stateOf(deployment);
  const resources = (state.resources ?? [])
    .filter((resource) => resource.urn !== urn)
    .map((resource) => withoutLinks(resource, urn));
  return withState(deployment, { ...state, resources });
}
