import type { Answer, DaemonFacts, DockerNetwork, GpuFacts } from "../../components/lookups/model";
import type { GpuRequest } from "../../components/settings/schema";
import type { DockerClient } from "./dockerClients";

/** One thing that was looked at, for the person who wants it to work. */
export interface Check {
  /** Stable name for scripts, such as `gpu-toolkit`. */
  readonly name: CheckName;
  /** Unknown: it could not be looked at, and `found` says why. */
  readonly state: "ok" | "warning" | "error" | "unknown";
  /** What was found, in one sentence. */
  readonly found: string;
  /** What to do about it: a command to type, where there is one. Absent where nothing is to be done. */
  readonly mend?: string;
}

export type CheckName =
  | "docker-client"
  | "docker-build"
  | "docker-daemon"
  | "limits"
  | "gpu"
  | "gpu-toolkit"
  | "gpu-access"
  | "memory"
  | "disk"
  | "addresses"
  | "pulumi"
  | "ssh"
  | "state-directory"
  | "base-image"
  | "package-indexes"
  | "certificates";

/** How a package index answered its own client. */
export interface IndexFacts {
  /** Such as `npm`. */
  readonly client: string;
  /** What it is needed for. */
  readonly purpose: string;
  /** Known: it answered; else why not, or why that cannot be said. */
  readonly answer: Answer<"answers" | "silent">;
}

/** Where a Pulumi CLI comes from. */
export interface PulumiFacts {
  /** Version of one at hand. */
  readonly atHand?: string;
  /** Ways to get one, best first, where none is at hand. */
  readonly sources: readonly string[];
}

/** The folder for keys, known hosts and the file backend. */
export interface StateDirectoryFacts {
  readonly directory: string;
  readonly exists: boolean;
  /** Permission bits; 0 where it does not exist. */
  readonly mode: number;
  /** It belongs to the user who runs this. */
  readonly own: boolean;
  /** This user can write there, or make it. */
  readonly writable: boolean;
}

/** What the stack's settings ask of the machine; the defaults where no stack is named. */
export interface Wants {
  readonly base: string;
  readonly users: number;
  /** Requests for GPUs, one for each user. */
  readonly gpus: readonly GpuRequest[];
  /** Range for networks. */
  readonly range: string;
  readonly extraCa?: string;
}

/** Everything that doctor asks, as plain values. Sizes in bytes. */
export interface DoctorFacts {
  readonly wants: Wants;
  /** The daemon's address; absent: the client's own. */
  readonly dockerHost?: string;
  readonly systemd: boolean;
  readonly clients: readonly DockerClient[];
  readonly daemon: Answer<DaemonFacts>;
  readonly gpus: Answer<GpuFacts>;
  /** An NVIDIA GPU is in the machine, whether a driver lists it or not. */
  readonly gpuOnBus: boolean;
  readonly freeDisk: Answer<number>;
  readonly networks: Answer<readonly DockerNetwork[]>;
  /** Ranges of the machine's interfaces and routes; Docker's own networks left out. */
  readonly usedRanges: readonly string[];
  readonly pulumi: PulumiFacts;
  /** What `ssh -V` says. */
  readonly ssh: Answer<string>;
  readonly stateDirectory: StateDirectoryFacts;
  /** The base image is on the daemon, or its hub gives it; else why not. */
  readonly base: Answer<"present" | "offered">;
  readonly indexes: readonly IndexFacts[];
  /** A CA file that the build needs, as far as that can be seen. */
  readonly privateCa?: string;
}
