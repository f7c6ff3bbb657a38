/** Settings as a stack file has them, without `gpudev:` in front. */
export type Raw = Readonly<Record<string, unknown>>;

/** One changed input. */
export interface ContractRow {
  /** Where it stands: `aws.hosts.rootVolume`. */
  readonly path: string;
  /** What is done to it, in the table's words. */
  readonly change: string;
  /** What it is changed to. */
  readonly to: unknown;
}

const KEYS = [
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJteLZlAwV+gOATsyRvvCOuar86cIXBzI8/8670yaeNU ada@laptop",
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEBvh2twEGTMynhdXvTfNdDGgu/bmnpy497rhn4oX1RG bob@desk",
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBXb6rJmdyJ6sn2uLs7r3pKXa7HwfZZE/Vc9Lu+SfRt9 new@desk",
];
const ADA = { name: "ada", sshKeys: [KEYS[0]] };
const BOB = { name: "bob", sshKeys: [KEYS[1]] };
const EVE = { name: "eve", sshKeys: [KEYS[2]] };

/** Two users share a host of four GPUs; everything that gpudev records is recorded. */
export const BASE: Raw = {
  users: [ADA, BOB],
  seats: {
    id: "7f3k2m",
    ada: { slot: 0, host: 0, devices: [0] },
    bob: { slot: 1, host: 0, devices: [1] },
  },
  lifetime: { until: "2026-12-01T18:00:00+00:00" },
  aws: {
    region: "eu-west-1",
    hosts: { ladder: [{ type: "g6.12xlarge" }], ami: { id: "ami-0123456789abcdef0" } },
    homes: { zone: "eu-west-1a" },
  },
};

/** Every input, each changed on its own. */
export const ROWS: readonly ContractRow[] = [
  { path: "users", change: "add a user", to: [ADA, BOB, EVE] },
  { path: "users", change: "remove a user", to: [ADA] },
  { path: "users", change: "a user's `sshKeys`", to: [{ ...ADA, sshKeys: [KEYS[2]] }, BOB] },
  { path: "users", change: "a user's `memory`", to: [{ ...ADA, memory: "8GiB" }, BOB] },
  {
    path: "users",
    change: "a user's `principal`",
    to: [{ ...ADA, principal: "arn:aws:iam::111122223333:user/ada" }, BOB],
  },
  { path: "team", change: "`team`", to: "other" },
  { path: "gpu", change: "`gpu.model`, with a `ladder`", to: { model: "L4" } },
  { path: "image", change: "`image`, any part that is built in", to: { pip: ["pandas"] } },
  { path: "limits", change: "`limits`", to: { memory: "16GiB" } },
  { path: "services", change: "`services`", to: { jupyter: false } },
  { path: "ports", change: "`ports`", to: { jupyter: 9000 } },
  { path: "networks", change: "`networks.range`", to: { range: "10.214.0.0/16" } },
  {
    path: "lifetime",
    change: "`lifetime.until`",
    to: { until: "2026-12-02T18:00:00+00:00" },
  },
  {
    path: "lifetime",
    change: "`lifetime.idleStop`",
    to: { until: "2026-12-01T18:00:00+00:00", idleStop: "30m" },
  },
  {
    path: "lifetime",
    change: "`lifetime.stopGrace`",
    to: { until: "2026-12-01T18:00:00+00:00", stopGrace: "60s" },
  },
  { path: "aws.region", change: "`aws.region`", to: "eu-central-1" },
  { path: "aws.accounts", change: "`aws.accounts`", to: ["111122223333"] },
  {
    path: "aws.zones",
    change: "`aws.zones`, one more",
    to: ["eu-west-1a", "eu-west-1b", "eu-west-1c"],
  },
  { path: "aws.tags", change: "`aws.tags`", to: { "cost-centre": "research" } },
  {
    path: "aws.permissionsBoundary",
    change: "`aws.permissionsBoundary`",
    to: "arn:aws:iam::111122223333:policy/boundary",
  },
  { path: "aws.network.vpcId", change: "`aws.network.vpcId`", to: "vpc-0abc" },
  {
    path: "aws.network.subnetIds",
    change: "`aws.network.subnetIds`, without a VPC",
    to: ["subnet-0abc"],
  },
  { path: "aws.network.range", change: "`aws.network.range`", to: "10.70.0.0/20" },
  { path: "aws.network.private", change: "`aws.network.private`", to: true },
  {
    path: "aws.network.egress",
    change: "`aws.network.egress`, with public hosts",
    to: "endpoints",
  },
  {
    path: "aws.hosts.ladder",
    change: "`aws.hosts.ladder`, another type on the step in use",
    to: [{ type: "g6.24xlarge" }],
  },
  {
    path: "aws.hosts.ladder",
    change: "`aws.hosts.ladder`, another market on the step in use",
    to: [{ type: "g6.12xlarge", market: "spot" }],
  },
  {
    path: "aws.hosts.ladder",
    change: "`aws.hosts.ladder`, a further step below",
    to: [{ type: "g6.12xlarge" }, { type: "g5.12xlarge" }],
  },
  { path: "aws.hosts.rung", change: "`aws.hosts.rung`, beyond the ladder", to: 1 },
  { path: "aws.hosts.sharing", change: "`aws.hosts.sharing`", to: "time-slicing" },
  { path: "aws.hosts.migProfile", change: "`aws.hosts.migProfile`, without MIG", to: "1g.5gb" },
  { path: "aws.hosts.usersPerHost", change: "`aws.hosts.usersPerHost`", to: 2 },
  { path: "aws.hosts.rootVolume", change: "`aws.hosts.rootVolume`", to: "200GiB" },
  { path: "aws.hosts.ami.kind", change: "`aws.hosts.ami.kind`, with a recorded AMI", to: "ubuntu" },
  {
    path: "aws.hosts.ami.id",
    change: "`aws.hosts.ami.id` (`gpudev upgrade`)",
    to: "ami-0fedcba9876543210",
  },
  { path: "aws.hosts.driverModules", change: "`aws.hosts.driverModules`", to: "proprietary" },
  {
    path: "aws.hosts.capacityReservation",
    change: "`aws.hosts.capacityReservation`",
    to: "cr-0abc",
  },
  { path: "aws.hosts.capacityBlock", change: "`aws.hosts.capacityBlock`", to: "cr-0abc" },
  {
    path: "aws.trial",
    change: "`aws.trial`, another AMI (`gpudev upgrade`): its host",
    to: { host: 0, ami: "ami-0fedcba9876543210" },
  },
  {
    path: "aws.trial",
    change: "`aws.trial`, a held image (`gpudev upgrade`): all other hosts",
    to: {
      held: {
        image: `111122223333.dkr.ecr.eu-west-1.amazonaws.com/x@sha256:${"1".repeat(64)}`,
        driverMin: "550.54.14",
      },
    },
  },
  { path: "aws.homes.kind", change: "`aws.homes.kind`", to: "efs" },
  { path: "aws.homes.size", change: "`aws.homes.size`, more", to: "200GiB" },
  { path: "aws.homes.zone", change: "`aws.homes.zone`", to: "eu-west-1b" },
  {
    path: "aws.homes.restored",
    change: "`aws.homes.restored`, by hand instead of `gpudev restore`",
    to: { "host-0": { zone: "eu-west-1b", snapshot: "snap-0abc", size: "400GiB" } },
  },
  { path: "aws.homes.snapshotsKept", change: "`aws.homes.snapshotsKept`", to: 14 },
  { path: "aws.access.directFrom", change: "`aws.access.directFrom`", to: ["203.0.113.0/24"] },
  { path: "aws.access.allowWorld", change: "`aws.access.allowWorld`", to: true },
  {
    path: "aws.access.domain",
    change: "`aws.access.domain`, without `directFrom`",
    to: "gpu.example.com",
  },
  { path: "aws.wait", change: "`aws.wait`", to: false },
  {
    path: "aws.budget",
    change: "`aws.budget`",
    to: { monthlyUsd: 1000, notify: ["ops@example.com"] },
  },
  { path: "aws.hours", change: "`aws.hours`", to: { start: "08:00", stop: "18:00" } },
  { path: "aws.image.repository", change: "`aws.image.repository`", to: "team/pytorch" },
  { path: "aws.data", change: "`aws.data`", to: [{ bucket: "data-sets", prefix: "imagenet/" }] },
  {
    path: "aws.data",
    change: "`aws.data`, one that is open for writing",
    to: [{ bucket: "data-sets", prefix: "imagenet/", write: true }],
  },
  { path: "aws.livePrices", change: "`aws.livePrices`", to: true },
  {
    path: "aws.state.bucket",
    change: "`aws.state.bucket` (`gpudev init`)",
    to: "gpudev-state-111122223333-eu-west-1",
  },
  { path: "aws.state.key", change: "`aws.state.key` (`gpudev init`)", to: "alias/gpudev-state" },
  { path: "aws.state.allowLocal", change: "`aws.state.allowLocal`", to: true },
];

/** Settings with one value changed. */
export function changed(raw: Raw, path: string, to: unknown): Raw {
  const [first = "", ...rest] = path.split(".");
  if (rest.length === 0) return { ...raw, [first]: to };
  return { ...raw, [first]: changed((raw[first] ?? {}) as Raw, rest.join("."), to) };
}
