import type { DeviceId } from "../deviceTable";
import type { HostShape } from "./shape";

/** One host while places and devices are being given out. */
class HostRoom {
  private readonly slots = new Set<number>();
  private nextSlot = 0;
  private readonly holders: Map<DeviceId, number>;
  private free: number;
  users = 0;

  constructor(private readonly shape: HostShape) {
    this.holders = new Map(shape.devices.map((device) => [device, 0]));
    this.free = shape.devices.length;
  }

  takeSlot(slot: number): void {
    this.slots.add(slot);
  }

  freeSlot(): number {
    while (this.slots.has(this.nextSlot)) this.nextSlot += 1;
    this.slots.add(this.nextSlot);
    return this.nextSlot;
  }

  /** Whether a newcomer with so many devices has room. */
  fits(count: number): boolean {
    return this.users < this.shape.places && this.available() >= count;
  }

  private available(): number {
    return this.shape.sharing === "time-slicing" ? this.shape.devices.length : this.free;
  }

  /** @returns false where the host has no such device, or somebody has it who does not share */
  takeDevice(device: DeviceId): boolean {
    const count = this.holders.get(device);
    if (count === undefined || (count > 0 && this.shape.sharing !== "time-slicing")) return false;
    this.holders.set(device, count + 1);
    if (count === 0) this.free -= 1;
    return true;
  }

  /** Whether a device is somebody's own. */
  isGone(device: DeviceId): boolean {
    return this.shape.sharing !== "time-slicing" && (this.holders.get(device) ?? 0) > 0;
  }

  /** The device that the fewest hold, first in order, leaving out those that `without` names. */
  nextDevice(without: readonly DeviceId[]): DeviceId | undefined {
    let best: DeviceId | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const [device, count] of this.holders) {
      if (count >= least || without.includes(device)) continue;
      if (count > 0 && this.shape.sharing !== "time-slicing") continue;
      best = device;
      least = count;
      if (count === 0) break;
    }
    return best;
  }
}

/** All hosts while places are being given out. */
export class HostTable {
  private readonly rooms = new Map<number, HostRoom>();
  /** For each number of devices, hosts below this have no room for it: room only ever shrinks. */
  private readonly firstWithRoom = new Map<number, number>();

  constructor(readonly shape: HostShape) {}

  room(host: number): HostRoom {
    const known = this.rooms.get(host);
    if (known !== undefined) return known;
    const made = new HostRoom(this.shape);
    this.rooms.set(host, made);
    return made;
  }

  /** The first host with room for a newcomer; absent where not even an empty one has it. */
  hostFor(count: number): number | undefined {
    if (!new HostRoom(this.shape).fits(count)) return undefined;
    let host = this.firstWithRoom.get(count) ?? 0;
    while (!this.room(host).fits(count)) host += 1;
    this.firstWithRoom.set(count, host);
    return host;
  }
}
