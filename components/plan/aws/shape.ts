import { type InstanceType, migProfilesOf } from "../../catalog";
import type { Finding } from "../../settings/finding";
import { type Decided, error, listed, warning } from "../findings";
import type { DeviceId } from "../deviceTable";
import type { Rung } from "./ladder";
import type { Sharing } from "./model";
import type { AwsStack } from "./stack";

/** What a host of a type has to give away. */
export interface HostShape {
  readonly type: InstanceType;
  readonly sharing: Sharing;
  /** What seats record: indexes of GPUs, or `<gpu>:<slice>` as CDI names MIG slices. */
  readonly devices: readonly DeviceId[];
  /** Most users. */
  readonly places: number;
  readonly mig?: { readonly profile: string; readonly slices: number };
}

/** Users for each GPU where they share it by time and nothing is said. */
const SLICED_USERS = 4;

function gpuIndexes(type: InstanceType): number[] {
  return Array.from({ length: Math.max(1, Math.floor(type.gpus)) }, (_, index) => index);
}

function migOf(settings: AwsStack, { type, path }: Rung): Decided<HostShape["mig"]> {
  const { migProfile } = settings.aws.hosts;
  const profiles = migProfilesOf(type.gpuModel);
  const names = profiles.map(({ profile, slices }) => `${profile} (${slices} a GPU)`);
  if (profiles.length === 0) {
    const finding = error(
      "no-mig",
      path,
      `${type.type} has ${type.gpuModel}, which cannot be cut into MIG slices`,
      "Take a type with A100, H100, H200, B200 or RTX PRO 6000, or another hosts.sharing.",
    );
    return { value: undefined, findings: [finding] };
  }
  const row = profiles.find(({ profile }) => profile === migProfile);
  if (row !== undefined) {
    return { value: { profile: row.profile, slices: row.slices }, findings: [] };
  }
  const finding = error(
    "mig-profile",
    "gpudev:aws.hosts.migProfile",
    migProfile === undefined
      ? `MIG slices are asked for, and nothing says how ${type.gpuModel} is to be cut`
      : `${type.gpuModel} has no MIG profile ${migProfile}`,
    `Take one of: ${names.join(", ")}.`,
  );
  return { value: undefined, findings: [finding] };
}

/** Devices and places of a host of a type, under the stack's way of sharing. */
export function shapeOf(settings: AwsStack, rung: Rung): Decided<HostShape> {
  const { sharing, usersPerHost, migProfile } = settings.aws.hosts;
  const { type } = rung;
  const gpus = gpuIndexes(type);
  const findings: Finding[] = [];
  let devices: readonly DeviceId[] = gpus;
  let places = gpus.length;
  let mig: HostShape["mig"];
  if (sharing === "mig") {
    const decided = migOf(settings, rung);
    findings.push(...decided.findings);
    mig = decided.value;
    const slices = Array.from({ length: mig?.slices ?? 1 }, (_, index) => index);
    devices = gpus.flatMap((gpu) => slices.map((slice) => `${gpu}:${slice}`));
    places = devices.length;
  } else if (sharing === "time-slicing") {
    places = gpus.length * SLICED_USERS;
    findings.push(
      warning(
        "gpu-shared",
        "gpudev:aws.hosts.sharing",
        `Up to ${Math.ceil((usersPerHost ?? places) / gpus.length)} users share each GPU by time-slicing: they share memory and faults too, so one can starve or stop the others`,
        "Nothing to do if that is meant. Whole devices and MIG slices isolate.",
      ),
    );
  }
  if (migProfile !== undefined && sharing !== "mig") {
    findings.push(
      warning(
        "mig-unused",
        "gpudev:aws.hosts.migProfile",
        `\`migProfile\` does nothing while hosts.sharing is ${sharing}`,
        "Write sharing: mig, or take migProfile out.",
      ),
    );
  }
  if (usersPerHost !== undefined && sharing !== "time-slicing" && usersPerHost > places) {
    findings.push(
      warning(
        "more-places-than-devices",
        "gpudev:aws.hosts.usersPerHost",
        `${type.type} has ${places} ${sharing === "mig" ? "MIG slices" : "GPUs"}, so that of ${usersPerHost} users on a host some would have none`,
        "Nothing to do where those ask for gpus: none.",
      ),
    );
  }
  const value: HostShape = {
    type,
    sharing,
    devices,
    places: usersPerHost ?? places,
    ...(mig === undefined ? {} : { mig }),
  };
  return { value, findings };
}

/** What messages call a device of a shape. */
export function deviceWord({ sharing }: Pick<HostShape, "sharing">, count: number): string {
  const word = sharing === "mig" ? "MIG slice" : "GPU";
  return count === 1 ? `one ${word}` : `${count} ${word}s`;
}

/** Devices for messages: `GPU 0 and 1`. */
export function deviceList({ sharing }: HostShape, devices: readonly DeviceId[]): string {
  return `${sharing === "mig" ? "MIG slice" : "GPU"} ${listed(devices.map(String))}`;
}
