import type { GpuDevice } from "../lookups/model";

/** A device as a seat records it: the index of a whole GPU, or a UUID. */
export type DeviceId = number | string;

/** What messages call a device. */
export function deviceTitle(device: GpuDevice): string {
  return device.slice ? `MIG slice ${device.uuid}` : `GPU ${device.index}`;
}

/** What a seat records for a device. */
export function idOf(device: GpuDevice): DeviceId {
  return device.slice ? device.uuid : device.index;
}

/** Who holds which device while devices are being given out. */
export class DeviceTable {
  readonly held = new Map<string, { id: DeviceId; device: GpuDevice }[]>();
  private readonly holders = new Map<GpuDevice, string[]>();
  private readonly byId = new Map<DeviceId, GpuDevice>();

  constructor(
    readonly devices: readonly GpuDevice[],
    readonly share: boolean,
  ) {
    for (const device of devices) {
      if (!device.slice) this.byId.set(device.index, device);
      this.byId.set(device.uuid, device);
      this.holders.set(device, []);
    }
  }

  find(id: DeviceId): GpuDevice | undefined {
    return this.byId.get(id) ?? (/^\d+$/.test(`${id}`) ? this.byId.get(Number(id)) : undefined);
  }

  holdersOf(device: GpuDevice): readonly string[] {
    return this.holders.get(device) ?? [];
  }

  heldBy(name: string): { id: DeviceId; device: GpuDevice }[] {
    const held = this.held.get(name) ?? [];
    this.held.set(name, held);
    return held;
  }

  holds(name: string, device: GpuDevice): boolean {
    return this.holdersOf(device).includes(name);
  }

  take(name: string, id: DeviceId, device: GpuDevice): void {
    this.heldBy(name).push({ id, device });
    this.holders.get(device)?.push(name);
  }

  /** The device that the fewest hold and `name` does not, first of the list; only free ones unless shared. */
  next(name: string): GpuDevice | undefined {
    let best: GpuDevice | undefined;
    for (const device of this.devices) {
      const count = this.holdersOf(device).length;
      if (count === 0) return device;
      if (!this.share || this.holds(name, device)) continue;
      if (best === undefined || count < this.holdersOf(best).length) best = device;
    }
    return best;
  }
}
