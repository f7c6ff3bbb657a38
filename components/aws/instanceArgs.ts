import type * as aws from "@pulumi/aws";

/** The machine itself, all plain values. */
export interface InstanceShape {
  /** EC2 instance type. */
  readonly instanceType: string;
  /** Bought as spot capacity: persistent, and stopped when AWS takes it back. Default false. */
  readonly spot?: boolean;
  readonly zone: string;
  /** It has a public address. Default true. */
  readonly publicAddress?: boolean;
  /** Encrypted gp3 root volume, GiB. Default 100. */
  readonly rootGiB?: number;
  /** Capacity reservation to run in, `cr-…`. */
  readonly capacityReservation?: string;
  /** Capacity Block to run in, `cr-…`. */
  readonly capacityBlock?: string;
  /** On the instance and its root volume; IAM policies and schedules go by them. Default: none. */
  readonly tags?: Readonly<Record<string, string>>;
}

type PlainInstanceArgs = Pick<
  aws.ec2.InstanceArgs,
  | "associatePublicIpAddress"
  | "availabilityZone"
  | "capacityReservationSpecification"
  | "instanceInitiatedShutdownBehavior"
  | "instanceMarketOptions"
  | "instanceType"
  | "metadataOptions"
  | "rootBlockDevice"
  | "tags"
  | "userDataReplaceOnChange"
>;

/** An instance's arguments that follow from plain values: every control that hardens it is here. */
export function instanceArgs(name: string, shape: InstanceShape): PlainInstanceArgs {
  const tags = { ...shape.tags, Name: name };
  return {
    instanceType: shape.instanceType,
    availabilityZone: shape.zone,
    associatePublicIpAddress: shape.publicAddress ?? true,
    // Said outright: an AMI that asks for IMDSv2 would otherwise bring a hop limit of 2, and containers in reach.
    metadataOptions: {
      httpEndpoint: "enabled",
      httpTokens: "required",
      httpPutResponseHopLimit: 1,
      instanceMetadataTags: "disabled",
    },
    rootBlockDevice: {
      volumeType: "gp3",
      volumeSize: shape.rootGiB ?? 100,
      encrypted: true,
      deleteOnTermination: true,
      tags,
    },
    // An idle host shuts itself down, and must be there when it is wanted again.
    instanceInitiatedShutdownBehavior: "stop",
    userDataReplaceOnChange: false,
    ...marketArgs(shape),
    tags,
  };
}

/** How the instance is bought. */
export function marketOf({
  spot,
  capacityBlock,
}: InstanceShape): "on-demand" | "spot" | "capacity-block" {
  if (capacityBlock !== undefined) return "capacity-block";
  return spot === true ? "spot" : "on-demand";
}

function marketArgs(
  shape: InstanceShape,
): Pick<PlainInstanceArgs, "instanceMarketOptions" | "capacityReservationSpecification"> {
  const target = shape.capacityBlock ?? shape.capacityReservation;
  const reserved =
    target === undefined
      ? {}
      : {
          capacityReservationSpecification: {
            capacityReservationTarget: { capacityReservationId: target },
          },
        };
  const market = marketOf(shape);
  if (market === "on-demand") return reserved;
  if (market === "capacity-block")
    return { ...reserved, instanceMarketOptions: { marketType: market } };
  return {
    ...reserved,
    instanceMarketOptions: {
      marketType: market,
      spotOptions: { spotInstanceType: "persistent", instanceInterruptionBehavior: "stop" },
    },
  };
}
