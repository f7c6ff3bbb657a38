import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { PlannedEnvironment, RetainedHome } from "../plan/model";
import { containerArgs, labelArgs } from "./containerArgs";

/** Arguments of `Workstation`. */
export interface WorkstationArgs {
  /** Reference of the image that every environment runs: by digest, or an image ID. */
  image: pulumi.Input<string>;
  /** The environments, as the plan decided them. Plain, since they decide which resources exist. */
  environments: readonly PlannedEnvironment[];
  /** Homes whose users have left: they stay. Default: none. */
  retainedHomes?: readonly RetainedHome[];
  /**
   * Limit processes per container, which the bundled provider can and Pulumi's own has no
   * input for. Default true.
   */
  limitProcesses?: boolean;
}

/**
 * Environments on one machine with Docker: for each user a home volume that outlives
 * everything, a network of its own and a container, each with the plan's name. The
 * containers are healthy when this is done.
 */
export class Workstation extends pulumi.ComponentResource {
  /** IDs of the containers by user. */
  public readonly containers: pulumi.Output<Record<string, string>>;
  /** Names of all home volumes by user, retained ones included. */
  public readonly homes: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: WorkstationArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpudev:index:Workstation", name, {}, opts);
    const homes = new Map<string, docker.Volume>();
    for (const home of [...args.environments, ...(args.retainedHomes ?? [])]) {
      homes.set(home.user, this.home(name, home));
    }
    const containers: Record<string, pulumi.Output<string>> = {};
    for (const environment of args.environments) {
      containers[environment.user] = this.environment(
        name,
        environment,
        args,
        homes.get(environment.user),
      ).id;
    }
    this.containers = pulumi.all(containers);
    this.homes = pulumi.all(
      Object.fromEntries([...homes].map(([user, volume]) => [user, volume.name])),
    );
    this.registerOutputs({ containers: this.containers, homes: this.homes });
  }

  private home(name: string, { user, homeVolume, labels }: RetainedHome): docker.Volume {
    return new docker.Volume(
      `${name}-${user}-home`,
      { name: homeVolume, labels: labelArgs(labels) },
      // A volume's labels cannot change without losing it, and a home is worth more than its labels.
      { parent: this, protect: true, ignoreChanges: ["labels"] },
    );
  }

  private environment(
    name: string,
    environment: PlannedEnvironment,
    { image, limitProcesses }: WorkstationArgs,
    home: docker.Volume | undefined,
  ): docker.Container {
    const { user, network } = environment;
    const bridge = new docker.Network(
      `${name}-${user}-network`,
      {
        name: network.name,
        driver: "bridge",
        ipamConfigs: [{ subnet: network.subnet, gateway: network.gateway }],
        labels: labelArgs(environment.labels),
      },
      { parent: this, deleteBeforeReplace: true },
    );
    const { args, more } = containerArgs(environment);
    return new docker.Container(
      `${name}-${user}-container`,
      { ...args, image, networksAdvanced: [{ name: bridge.name }] },
      {
        parent: this,
        deleteBeforeReplace: true,
        dependsOn: home === undefined ? [] : [home],
        transformations: limitProcesses === false ? [] : [withInputs(more)],
      },
    );
  }
}

/** Adds inputs that the SDK's own constructor would drop. */
function withInputs(more: pulumi.Inputs): pulumi.ResourceTransformation {
  return ({ props, opts }) => ({ props: { ...props, ...more }, opts });
}
