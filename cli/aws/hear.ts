import type { Context } from "../context";
import { ec2In, s3In } from "./clients";
import type { Deployed } from "./deployed";
import { hostsNow } from "./hosts";
import { asleep, fetchVerdict, judge, type HostVerdict } from "./verdicts";

/** Asks some hosts how they are, by what they wrote into the stack's bucket. */
export async function hear(
  context: Context,
  { region, id }: { readonly region: string; readonly id: string },
  { bucket, hosts }: Deployed,
  names: readonly string[],
): Promise<HostVerdict[]> {
  if (bucket === undefined || names.length === 0) return [];
  const s3 = s3In(region);
  return context.progress.step("Hear the hosts' verdicts", async () => {
    const stopped = new Set(
      (await hostsNow(ec2In(region), id))
        .filter(({ state }) => state === "stopped" || state === "stopping")
        .map(({ name }) => name),
    );
    return Promise.all(
      names.map(async (host) =>
        stopped.has(host)
          ? asleep(host)
          : judge(host, await fetchVerdict(s3, bucket, host), hosts[host]?.version),
      ),
    );
  });
}
