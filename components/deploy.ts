import * as docker from "@pulumi/docker";
import * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";
import type * as aws from "./deployAws";
import { endpointsOf } from "./endpoints";
import type { Endpoint } from "./endpoints";
import { PyTorchCudaImage } from "./image/pytorchCudaImage";
import type { Plan, WorkstationPlan } from "./plan/model";
import { pushAuthorizedKeys, writeAuthorizedKeys } from "./workstation/authorizedKeys";
import { Workstation } from "./workstation/workstation";

/** What a stack tells of itself. No secret is among it. */
export interface Outputs {
  /** How each user gets in. */
  readonly endpoints: pulumi.Output<readonly Endpoint[]>;
  /** Reference of the image that the environments run. */
  readonly image: pulumi.Output<string>;
  /** Names of the home volumes by user, those of users who left included. */
  readonly homes: pulumi.Output<Record<string, string>>;
  /** The stack's id, which labels all that it made. */
  readonly stackId: string;
}

/** Turns a plan for any target into resources. Call it inside a Pulumi program; see the targets' own. */
export async function deployPlan(plan: Plan): Promise<Outputs | aws.AwsOutputs> {
  if (plan.target === "workstation") return deploy(plan);
  // Loaded where it is needed, since Pulumi's AWS SDK takes seconds and hundreds of megabytes; by
  // require, since Pulumi's own loader cannot resolve import() of a TypeScript file.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { deployAws } = require("./deployAws") as typeof aws;
  return deployAws(plan);
}

/**
 * Turns a plan into resources, and renders what is no resource: authorized keys. Call it
 * inside a Pulumi program, with a plan that has no error among its findings; it decides
 * nothing that the plan could have decided.
 */
export function deploy(plan: WorkstationPlan): Outputs {
  const bundled = plan.docker.provider === "bundled";
  const providers = dockerProviders(plan.docker.host);
  if (plan.docker.local && !pulumi.runtime.isDryRun()) writeAuthorizedKeys(plan);
  const image = imageOf(plan, bundled, providers.build);
  const workstation = new Workstation(
    "workstation",
    {
      image,
      environments: plan.environments,
      retainedHomes: plan.retainedHomes,
      limitProcesses: bundled,
    },
    { providers: providers.run },
  );
  return {
    endpoints: endpointsWhenReady(plan, workstation),
    image,
    homes: workstation.homes,
    stackId: plan.id,
  };
}

interface Providers {
  readonly run: pulumi.ProviderResource[];
  readonly build: pulumi.ProviderResource[];
}

/** Providers for the daemon that settings name; without one the Docker client's own default holds. */
function dockerProviders(host: string | undefined): Providers {
  if (host === undefined) return { run: [], build: [] };
  return {
    run: [new docker.Provider("docker", { host })],
    build: [new dockerBuild.Provider("docker-build", { host })],
  };
}

function imageOf(
  { image }: WorkstationPlan,
  byImageId: boolean,
  providers: pulumi.ProviderResource[],
): pulumi.Output<string> {
  if (image.existing !== undefined) return pulumi.output(image.existing);
  const { repository, immutableTag, movingTags, buildArgs, push, extraCa } = image;
  return new PyTorchCudaImage(
    "image",
    {
      repository,
      immutableTag,
      movingTags,
      buildArgs,
      push,
      byImageId,
      ...(extraCa === undefined ? {} : { extraCa }),
    },
    { providers },
  ).reference;
}

/** The endpoints, once their containers run and, on a daemon elsewhere, know the users' keys. */
function endpointsWhenReady(
  plan: WorkstationPlan,
  { containers }: Workstation,
): pulumi.Output<readonly Endpoint[]> {
  const endpoints = endpointsOf(plan);
  if (plan.docker.local) return pulumi.output(endpoints);
  return containers.apply(async (ids) => {
    if (pulumi.runtime.isDryRun()) return endpoints;
    await Promise.all(
      plan.environments.map((environment) =>
        pushAuthorizedKeys(environment, ids[environment.user] ?? "", plan.docker.host),
      ),
    );
    return endpoints;
  });
}
