import type { Finding } from "../settings/finding";
import type { Seat } from "../settings/schema";
import type { AwsPlan } from "./aws/model";
import type { ContainerProfile, PlannedImage } from "./container";

export type { ContainerProfile, GpuAccess, Mount, PlannedImage, Port, Tmpfs } from "./container";

/** One user's environment. */
export interface PlannedEnvironment {
  readonly user: string;
  readonly seat: Seat;
  readonly container: string;
  readonly homeVolume: string;
  readonly network: { readonly name: string; readonly subnet: string; readonly gateway: string };
  /** Lines of the user's authorized_keys file. */
  readonly authorizedKeys: readonly string[];
  readonly profile: ContainerProfile;
  readonly labels: Readonly<Record<string, string>>;
}

/** A home whose user has left the list: kept until `gpudev forget`. */
export interface RetainedHome {
  readonly user: string;
  readonly homeVolume: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The whole decision for a stack on a machine with Docker. */
export interface WorkstationPlan {
  readonly stack: string;
  readonly team: string;
  readonly target: "workstation";
  /** The stack's random id; `unrecorded` until gpudev has written one. */
  readonly id: string;
  readonly docker: {
    readonly host?: string;
    readonly provider: "bundled" | "official";
    readonly local: boolean;
    /** Host name or address at which published ports answer; a loopback address is the daemon's machine's own. */
    readonly reachableAt: string;
  };
  readonly image: PlannedImage;
  readonly environments: readonly PlannedEnvironment[];
  readonly retainedHomes: readonly RetainedHome[];
  /** Seats as they should be recorded in the stack file, leavers included. */
  readonly seats: Readonly<Record<string, Seat>>;
  readonly findings: readonly Finding[];
}

/** The whole decision for a stack: data that a target turns into resources. `target` tells which. */
export type Plan = WorkstationPlan | AwsPlan;
