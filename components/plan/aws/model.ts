import type { InstanceType } from "../../catalog/instanceTypes";
import type { Finding } from "../../settings/finding";
import type { Seat } from "../../settings/schema";
import type { ContainerProfile, PlannedImage } from "../container";
import type { HostDraft } from "./documentModel";
import type { HostTrial } from "./trial";

/** How EC2 sells an instance. */
export type Market = "on-demand" | "spot";

/** How users share the GPUs of a host: whole devices, MIG slices, or time-slicing, which isolates nothing. */
export type Sharing = "devices" | "mig" | "time-slicing";

/** A subnet of the stack's own network. */
export interface PlannedSubnet {
  readonly zone: string;
  readonly cidr: string;
  /** `a` for `eu-west-1a`: names resources, so that another zone renames none. */
  readonly key: string;
}

/** Where hosts stand: a VPC of the stack's own, or one that exists. No inbound rule unless `access.directFrom` has any. */
export interface PlannedVpc {
  /** An existing VPC; absent: one is made. */
  readonly vpcId?: string;
  /** IPv4 range of the VPC that is made. */
  readonly range: string;
  /** Subnets that are made, in the order of zones; empty in an existing VPC. */
  readonly subnets: readonly PlannedSubnet[];
  /** Existing subnets by zone; empty where subnets are made. */
  readonly existingSubnets: Readonly<Record<string, string>>;
  /** Hosts have no public address; what they reach goes through `egress`. */
  readonly private: boolean;
  /** `internet-gateway`: public subnets without NAT; the other two are for private hosts; `existing`: the VPC's own. */
  readonly egress: "internet-gateway" | "nat" | "endpoints" | "existing";
  /** Public subnet that holds the NAT gateway. */
  readonly natSubnet?: PlannedSubnet;
  /** AWS services with an interface endpoint, such as `ssm`; S3's gateway endpoint, which is free, comes with every network that is made. */
  readonly interfaceEndpoints: readonly string[];
  /** Zones in whose subnets interface endpoints stand: those of hosts. */
  readonly endpointZones: readonly string[];
}

/** The AMI of the stack's hosts. */
export interface PlannedAmi {
  readonly kind: "deep-learning" | "ubuntu";
  /** Public SSM parameter that names the newest one. */
  readonly parameter: string;
  /** The one to use. Absent only where neither the stack file records one nor AWS could be asked. */
  readonly id?: string;
  /** True where the id stands in the stack file already. */
  readonly recorded: boolean;
  /** NVIDIA driver that the hosts get, as far as the catalog knows. */
  readonly driver: string;
}

/** One machine. */
export interface PlannedHost extends HostTrial {
  /** Number that seats record. */
  readonly index: number;
  /** `host-0`: names resources, the document and the verdict in the stack's bucket. */
  readonly name: string;
  readonly type: InstanceType;
  readonly market: Market;
  readonly zone: string;
  /** Users on it, by slot. */
  readonly users: readonly string[];
  /** Size of the encrypted gp3 root volume, GiB. */
  readonly rootGiB: number;
  /** Capacity reservation that the host runs in, `cr-…`. */
  readonly capacityReservation?: string;
  /** Capacity Block that the host runs in, `cr-…`. */
  readonly capacityBlock?: string;
  /** USD an hour while it runs: instance, public address; absent where the table has no price. */
  readonly pricePerHour?: number;
}

/** Homes of one host: an encrypted gp3 volume, XFS, one directory and project quota for each user. */
export interface PlannedHomesVolume {
  readonly host: number;
  /** `host-0`. */
  readonly name: string;
  readonly zone: string;
  /** Room for every place on the host, so that a newcomer changes no volume. */
  readonly sizeGiB: number;
  /** Snapshot to make it from; counts only while it is made. */
  readonly snapshot?: string;
  /** Users with a home on it, those who have left included. */
  readonly users: readonly string[];
}

/** Homes, which outlive hosts, users and the stack's end. */
export interface PlannedHomes {
  readonly kind: "volume" | "efs";
  /** One for each host that ever had a user; empty with EFS. */
  readonly volumes: readonly PlannedHomesVolume[];
  /** Users with an access point of one file system, leavers included; empty with volumes. */
  readonly accessPoints: readonly {
    readonly user: string;
    readonly path: string;
    readonly uid: number;
    readonly gid: number;
  }[];
  /** Quota of each home, GiB. */
  readonly quotaGiB: number;
  /** Daily snapshots that are kept of each volume. */
  readonly snapshotsKept: number;
}

/** Working hours. */
export interface PlannedHours {
  /** Cron expression of EventBridge Scheduler, such as `cron(0 8 ? * MON-FRI *)`. */
  readonly start: string;
  readonly stop: string;
  readonly timezone: string;
  /** Hours a week, on average, that hosts run at most. */
  readonly perWeek: number;
}

/** When hosts stop. Times in seconds. */
export interface PlannedLifetime {
  readonly idleStop: number;
  /** ISO 8601 with offset. */
  readonly until?: string;
  /** True where `until` has passed: no hosts, homes stay. */
  readonly ended: boolean;
  /** Between SIGTERM and SIGKILL. */
  readonly graceSeconds: number;
  /** Longest keep-awake lease that a user may take. */
  readonly maxLease: number;
  readonly hours?: PlannedHours;
  readonly budget?: { readonly monthlyUsd: number; readonly notify: readonly string[] };
}

/** A Session document of ours: one port of a host, fixed; shared by all hosts. */
export interface PlannedSessionDocument {
  /** Physical name, such as `gpudev-vision-7f3k2m-ssh-0`. */
  readonly name: string;
  readonly service: "jupyter" | "ssh";
  readonly slot: number;
  /** Port on the host's loopback address. */
  readonly port: number;
}

/** A data set in S3. */
export interface PlannedData {
  readonly bucket: string;
  /** Empty: the whole bucket. */
  readonly prefix: string;
  /** Folder of the host that it is mounted at. */
  readonly path: string;
  /** Folder of every environment that it appears as, read-only. */
  readonly inside: string;
  /** Each user may write below `<prefix><user>/`, with credentials lent to that user. */
  readonly write: boolean;
}

/** How users get in. */
export interface PlannedAccess {
  /** For every place of a host, one document for each service; sorted by service and slot. None without hosts. */
  readonly documents: readonly PlannedSessionDocument[];
  /** IAM or Identity Center principal by user, where one is named. */
  readonly principals: Readonly<Record<string, string>>;
  /** CIDRs with direct access; empty: SSM only, no inbound rule. */
  readonly directFrom: readonly string[];
  /** Inbound TCP ports for `directFrom`: first and last. */
  readonly directPorts: readonly { readonly from: number; readonly to: number }[];
  /** Domain whose `host-<n>.<domain>` names point at the hosts; Caddy then gets certificates by ACME. */
  readonly domain?: string;
  /** Parameters that hosts publish stand below this: `/gpudev/<id>`. */
  readonly parameterPrefix: string;
}

/** One line of the bill. */
export interface CostLine {
  /** What it is, such as `g6.12xlarge on-demand`. */
  readonly item: string;
  readonly quantity: number;
  /** `instance`, `GiB`, `address`, `gateway`, `endpoint`. */
  readonly unit: string;
  /** USD an hour for all of them; absent where the table has no price. */
  readonly perHour?: number;
  /** `running`: only while hosts run; `always`: also while they are stopped. */
  readonly when: "running" | "always";
  /** What the figure rests on where that is not plain, such as the on-demand price for spot. */
  readonly note?: string;
}

/** What a stack costs, in USD, by a dated price table or by live prices. */
export interface PlannedCost {
  /** While every host runs. */
  readonly perHour: number;
  /** While every host is stopped. */
  readonly perHourStopped: number;
  /** A day under `assumption`. */
  readonly perDay: number;
  /** From the time of the plan to `lifetime.until` under `assumption`; absent without an end. */
  readonly untilEnd?: number;
  readonly lines: readonly CostLine[];
  /** Date of the price table, or of the asking. */
  readonly pricesAsOf: string;
  /** `table` (us-east-1) or `live` (the region's own). */
  readonly source: "table" | "live";
  /** How long hosts run a day in `perDay` and `untilEnd`, and what is left out. */
  readonly assumption: string;
  /** Items without a price: the sums do not hold them. */
  readonly unpriced: readonly string[];
}

/** One user's environment on a host. */
export interface AwsEnvironment {
  readonly user: string;
  readonly seat: Seat;
  /** Index of the host. */
  readonly host: number;
  readonly container: string;
  /** systemd unit on the host: `gpudev-<user>.service`. */
  readonly unit: string;
  readonly home: { readonly path: string; readonly quotaBytes: number };
  readonly network: { readonly name: string; readonly subnet: string; readonly gateway: string };
  /** Lines of the user's authorized_keys file. */
  readonly authorizedKeys: readonly string[];
  readonly profile: ContainerProfile;
  readonly labels: Readonly<Record<string, string>>;
  /** USD an hour: the user's part of the host. */
  readonly pricePerHour: number;
}

/** The repository that the stack's image is pushed to. */
export interface PlannedRepository {
  /** Name of an ECR repository. */
  readonly name: string;
  /** True where it exists already and is only used. */
  readonly existing: boolean;
  /** Tags that may move; every other tag is immutable. */
  readonly movingTags: readonly string[];
}

/** The whole decision for a stack on EC2. */
export interface AwsPlan {
  readonly stack: string;
  readonly team: string;
  readonly target: "aws";
  /** The stack's random id; `unrecorded` until gpudev has written one. */
  readonly id: string;
  readonly region: string;
  /** The account that was asked; absent where it could not be. */
  readonly account?: string;
  /** Accounts that the provider may work in; empty: any. */
  readonly allowedAccounts: readonly string[];
  /** On every resource. */
  readonly tags: Readonly<Record<string, string>>;
  /** ARN of the permissions boundary of every role. */
  readonly permissionsBoundary?: string;
  /** `gpudev-<stack>-<id>`: in front of physical names. */
  readonly prefix: string;
  readonly network: PlannedVpc;
  /** Absent where the image exists and is used as it is. */
  readonly repository?: PlannedRepository;
  readonly image: PlannedImage;
  readonly ami: PlannedAmi;
  /** Driver flavour that hosts load. */
  readonly driverModules: "open" | "proprietary";
  readonly sharing: Sharing;
  readonly migProfile?: string;
  /** Hosts with a user on them, by index; none once the end has passed. */
  readonly hosts: readonly PlannedHost[];
  /** By host and slot. */
  readonly environments: readonly AwsEnvironment[];
  readonly homes: PlannedHomes;
  readonly lifetime: PlannedLifetime;
  readonly access: PlannedAccess;
  /** Data sets that every user reads. Each user gets credentials for them; none: nobody gets any. */
  readonly data: readonly PlannedData[];
  readonly cost: PlannedCost;
  /** What each host's document says, without what is known only once the image and a file system exist. By host. */
  readonly documents: readonly HostDraft[];
  /** Whether `up` waits for hosts to have applied their documents. */
  readonly wait: boolean;
  /** What gpudev records in the stack file beside seats: config path, such as `gpudev:aws.hosts.ami.id`, to value. */
  readonly record: Readonly<Record<string, string | number>>;
  /** Seats as they should be recorded in the stack file, leavers included. */
  readonly seats: Readonly<Record<string, Seat>>;
  readonly findings: readonly Finding[];
}
