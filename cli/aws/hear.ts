import type { Context } from "../context";
import { s3In } from "./clients";
import type { Deployed } from "./deployed";
import { fetchVerdict, judge, type HostVerdict } from "./verdicts";

/** Asks some hosts how they are, by what they wrote into the stack's bucket. */
export async function hear(
  context: Context,
  region: string,
  { bucket, hosts }: Deployed,
  names: readonly string[],
): Promise<HostVerdict[]> {
  if (bucket === undefined || names.length === 0) return [];
  const s3 = s3In(region);
  return context.progress.step("Hear the hosts' verdicts", () =>
    Promise.all(
      names.map(async (host) =>
        judge(host, await fetchVerdict(s3, bucket, host), hosts[host]?.version),
      ),
    ),
  );
}
