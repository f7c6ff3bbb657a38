import { PRICES, PRICES_AS_OF } from "../../components/catalog";
import type { StateResource } from "../engine/recover";
import { resourceName } from "../engine/events";
import { VOLUME } from "./deployed";

/** Homes that stay, and what they go on costing. */
export interface HomesLeft {
  /** Names and ids. */
  readonly homes: readonly {
    readonly name: string;
    readonly id: string;
    readonly sizeGiB?: number;
  }[];
  /** USD a month for volumes and full snapshots of them; EFS charges for what is stored. */
  readonly perMonth: number;
  readonly pricesAsOf: string;
}

/** Looks homes that stay up in the price table. */
export function homesLeft(resources: readonly StateResource[]): HomesLeft {
  const homes = resources.map(({ urn, id = "", type, outputs }) => ({
    name: resourceName(urn),
    id,
    ...(type === VOLUME ? { sizeGiB: Number(outputs?.size ?? 0) } : {}),
  }));
  const gib = homes.reduce((sum, { sizeGiB = 0 }) => sum + sizeGiB, 0);
  // Both are priced by GiB and month.
  const perMonth = gib * (PRICES.gp3.usd + PRICES.snapshot.usd);
  return { homes, perMonth: Math.round(perMonth * 100) / 100, pricesAsOf: PRICES_AS_OF };
}

/** What stays, for a person; undefined where nothing does. */
export function homesLeftText({ homes, perMonth, pricesAsOf }: HomesLeft): string | undefined {
  if (homes.length === 0) return undefined;
  const names = homes.map(
    ({ name, id, sizeGiB }) => `${name} (${id}${sizeGiB === undefined ? "" : `, ${sizeGiB} GiB`})`,
  );
  const cost =
    perMonth === 0
      ? "EFS charges for what is stored in it"
      : `about ${perMonth.toFixed(2)} USD a month, snapshots as if homes were full (prices of ${pricesAsOf}, us-east-1)`;
  return `Kept: ${names.join(", ")}; ${cost}. The next \`gpudev up\` goes on with them.`;
}
