import type { Answer, BaseImageFacts } from "../model";

/** Who is asking. */
interface AccountFacts {
  /** Twelve digits. */
  readonly id: string;
  /** ARN of the identity. */
  readonly arn: string;
}

/** An instance that runs or starts, of any owner: it counts against quotas. */
export interface RunningInstance {
  readonly id: string;
  readonly type: string;
  readonly zone: string;
  readonly market: "on-demand" | "spot";
  readonly vcpus: number;
  /** Value of its `gpudev:stack-id` tag. */
  readonly stackId?: string;
}

/** A homes volume of this stack, by its `gpudev:stack-id` and `gpudev:host` tags. */
export interface HomesVolume {
  readonly id: string;
  readonly zone: string;
  /** Value of its `gpudev:host` tag. */
  readonly host: number;
  readonly sizeGiB: number;
}

/** A VPC's name and ranges. */
export interface VpcRange {
  readonly id: string;
  readonly name?: string;
  readonly ranges: readonly string[];
  /** Value of its `gpudev:stack-id` tag. */
  readonly stackId?: string;
}

/** A subnet of the existing VPC that settings name, and how far what stands in it gets. */
export interface SubnetFacts {
  readonly id: string;
  readonly zone: string;
  readonly cidr: string;
  /** Where its default route goes; `none`: nowhere. */
  readonly defaultRoute: "internet-gateway" | "nat" | "other" | "none";
  /** Instances get a public IPv4 address unless asked otherwise. */
  readonly publicAddresses: boolean;
}

/** The existing VPC that settings name. */
export interface VpcFacts extends VpcRange {
  readonly subnets: readonly SubnetFacts[];
  /** Services with a VPC endpoint, without the region in front: `ssm`, `ecr.dkr`, `s3`. */
  readonly endpoints: readonly string[];
  readonly dnsSupport: boolean;
}

/** An AMI. */
interface AmiFacts {
  readonly id: string;
  /** Public SSM parameter that named it. */
  readonly parameter: string;
}

/** An AMI that is there, by what its owner says of it. */
export interface AmiDetails {
  readonly id: string;
  readonly name: string;
  /** ISO 8601. */
  readonly created: string;
}

/** A capacity reservation or Capacity Block that settings name. */
export interface ReservationFacts {
  readonly id: string;
  readonly type: string;
  readonly zone: string;
  readonly state: string;
  readonly available: number;
  readonly total: number;
  readonly endsAt?: string;
}

/** A price that was asked live, USD an hour. */
export interface LivePrice {
  readonly type: string;
  readonly market: "on-demand" | "spot";
  readonly usdPerHour: number;
}

/** Everything that the target `aws` asks, once and with a time limit. Without credentials every answer says why it is missing. */
export interface AwsLookups {
  /** Now, ISO 8601. */
  readonly time: string;
  readonly region: string;
  readonly account: Answer<AccountFacts>;
  /** Quota value (vCPUs) by code, of those that the stack's families and markets need. */
  readonly quotas: Readonly<Record<string, Answer<number>>>;
  /** Pending and running instances of the region. */
  readonly instances: Answer<readonly RunningInstance[]>;
  /** Availability zones of the region that this account may use, in order. */
  readonly zones: Answer<readonly string[]>;
  /** Zones that offer a type, for each type of the ladder. */
  readonly offerings: Answer<Readonly<Record<string, readonly string[]>>>;
  /** The AMI that the catalog's parameter names today. */
  readonly ami: Answer<AmiFacts>;
  /** The AMI that the stack file records, `undefined` where AWS has no such AMI; absent where none is recorded. */
  readonly recordedAmi?: Answer<AmiDetails | undefined>;
  /** The existing VPC that settings name, `undefined` where there is none; absent where they name none. */
  readonly vpc?: Answer<VpcFacts | undefined>;
  /** All VPCs of the region. */
  readonly vpcs: Answer<readonly VpcRange[]>;
  /** Homes volumes that this stack made before. */
  readonly volumes: Answer<readonly HomesVolume[]>;
  /** Whether the existing ECR repository that settings name is there; absent where they name none. */
  readonly repository?: Answer<boolean>;
  /** The reservation or block that settings name, `undefined` where there is none; absent where they name none. */
  readonly reservation?: Answer<ReservationFacts | undefined>;
  /** Prices of the region; absent unless `aws.livePrices` is on. */
  readonly prices?: Answer<readonly LivePrice[]>;
  /** Whether the base of the image is on the Docker daemon that builds. */
  readonly base: Answer<BaseImageFacts>;
  /** SHA-256 of what goes into every image build. */
  readonly imageContextHash: string;
  /** SHA-256 of each lock of a torch build, by its name. */
  readonly locks: Readonly<Record<string, string>>;
}
