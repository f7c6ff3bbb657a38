import type { Finding } from "../settings/finding";
import type { Settings } from "../settings/schema";
import { type Decided, error, listed } from "./findings";
import { type Member, recordedSeats } from "./members";

/**
 * Gives every user a slot. Recorded slots stay, also those of users who have left: their homes are
 * kept, and they may come back. Whoever has none takes the next free one, in list order.
 */
export function assignSlots(
  settings: Settings,
  members: readonly Member[],
): Decided<ReadonlyMap<string, number>> {
  const recorded = recordedSeats(settings);
  const findings: Finding[] = [];
  const holders = new Map<number, string[]>();
  for (const [name, seat] of recorded) {
    holders.set(seat.slot, [...(holders.get(seat.slot) ?? []), name]);
    if (seat.host !== 0) {
      findings.push(
        error(
          "no-such-host",
          `gpudev:seats.${name}.host`,
          `User ${name} is recorded on host ${seat.host}, and a workstation stack has only host 0`,
          `Write host: 0 into gpudev:seats.${name}.`,
        ),
      );
    }
  }
  for (const [slot, names] of holders) {
    if (names.length > 1) {
      findings.push(
        error(
          "slot-twice",
          `gpudev:seats.${names.at(-1)}.slot`,
          `Slot ${slot} is recorded for ${listed(names)}; a slot fixes ports and network, so each needs its own`,
          `Give ${names.at(-1)} a slot that nobody has, or delete the line, so that gpudev records a free one.`,
        ),
      );
    }
  }
  let next = 0;
  const slots = new Map<string, number>();
  for (const { user, recorded: seat } of members) {
    if (seat !== undefined) {
      slots.set(user.name, seat.slot);
      continue;
    }
    while (holders.has(next)) next += 1;
    slots.set(user.name, next);
    next += 1;
  }
  return { value: slots, findings };
}
