import type { GpuRequest, Seat, Settings, User } from "../settings/schema";

/** A user of the stack with what settings say about the user's place. */
export interface Member {
  readonly user: User;
  /** Config path of the user, such as `gpudev:users[1]`. */
  readonly path: string;
  /** The recorded seat, where there is one. */
  readonly recorded?: Seat;
  /** GPUs that the user asks for: the user's own word, else the profile's, else the stack's. */
  readonly gpus: GpuRequest;
  /** Config path that `gpus` comes from. */
  readonly gpusPath: string;
}

/** Recorded seats by user; the stack's id, which is recorded beside them, is none. */
export function recordedSeats(settings: Settings): ReadonlyMap<string, Seat> {
  const entries = Object.entries(settings.seats) as [string, Seat][];
  return new Map(entries.filter(([name]) => name !== "id"));
}

function gpuRequest(settings: Settings, user: User, path: string): [GpuRequest, string] {
  if (user.gpus !== undefined) return [user.gpus, `${path}.gpus`];
  const profile = user.profile === undefined ? undefined : settings.profiles[user.profile];
  if (profile?.gpus !== undefined) return [profile.gpus, `gpudev:profiles.${user.profile}.gpus`];
  return [settings.gpu.perUser, "gpudev:gpu.perUser"];
}

/** The stack's users in the order in which they are seated: recorded ones by slot, then the others as listed. */
export function membersOf(settings: Settings): Member[] {
  const seats = recordedSeats(settings);
  const members = settings.users.map((user, index): Member => {
    const path = settings.userPaths?.[user.name] ?? `gpudev:users[${index}]`;
    const recorded = seats.get(user.name);
    const [gpus, gpusPath] = gpuRequest(settings, user, path);
    return { user, path, gpus, gpusPath, ...(recorded === undefined ? {} : { recorded }) };
  });
  const slot = (member: Member) => member.recorded?.slot ?? Number.POSITIVE_INFINITY;
  return members.toSorted(
    (a, b) =>
      (slot(a) === slot(b) ? 0 : slot(a) - slot(b)) ||
      (a.recorded && b.recorded ? (a.user.name < b.user.name ? -1 : 1) : 0),
  );
}
