import type { Market } from "./model";

/**
 * How EC2 says that it has no such instance now: error codes of RunInstances and StartInstances, and
 * status codes of a Spot request, of one without an instance and of one whose instance EC2 has stopped. `Unsupported` is also said for other things, so it has to be about
 * the zone. Source: EC2 API Reference, "Error codes for the Amazon EC2 API"; EC2 User Guide, "Spot
 * request status".
 */
const CAPACITY =
  /\b(InsufficientInstanceCapacity|InsufficientHostCapacity|InsufficientReservedInstanceCapacity|ReservationCapacityExceeded|MaxSpotInstanceCountExceeded|SpotMaxPriceTooLow|capacity-not-available|price-too-low|instance-stopped-no-capacity|instance-stopped-by-price|instance-stopped-capacity-oversubscribed)\b/;
const UNSUPPORTED = /\bUnsupported\b[^\n]*(Availability Zone|instance type)/i;

/** Whether an error is that AWS has no capacity for an instance; `undefined` where it is another. Returns AWS's own code. */
export function capacityCode(message: string): string | undefined {
  const code = CAPACITY.exec(message)?.[1];
  if (code !== undefined) return code;
  return UNSUPPORTED.test(message) ? "Unsupported" : undefined;
}

/** One step of the ladder, as far as going down needs it. */
export interface RungPlace {
  readonly type: string;
  readonly market: Market;
  /** Zone that the step names. */
  readonly zone?: string;
  /** Zones that offer the type; absent where that could not be asked. */
  readonly offered?: readonly string[];
}

/** `g6.xlarge spot in eu-west-1a`. */
export function placeText({ type, market }: RungPlace, zone: string | undefined): string {
  return `${type} ${market}${zone === undefined ? "" : ` in ${zone}`}`;
}

/**
 * The next step below one that had no capacity; undefined at the ladder's end.
 * @param homes zone that homes are bound to: from then on only its types and markets come into question
 * @param tried places that had no capacity just now, as `placeText` writes them
 */
export function nextRung(
  rungs: readonly RungPlace[],
  failed: number,
  homes: string | undefined,
  tried: readonly string[],
): number | undefined {
  const index = rungs.findIndex((rung, at) => {
    if (at <= failed) return false;
    if (homes === undefined) return !tried.includes(placeText(rung, rung.zone));
    if (rung.zone !== undefined && rung.zone !== homes) return false;
    if (rung.offered !== undefined && !rung.offered.includes(homes)) return false;
    return !tried.includes(placeText(rung, homes));
  });
  return index === -1 ? undefined : index;
}
