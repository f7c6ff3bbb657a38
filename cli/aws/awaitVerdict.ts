import type { S3Client } from "@aws-sdk/client-s3";
import { trialVerdict, type Expected } from "../../components/plan/aws/upgrade";
import type { Context } from "../context";
import { fetchVerdict, type Verdict } from "./verdicts";

/** How a host's wait for ready ended, in the host's own words. */
export interface Waited {
  readonly passed: boolean;
  readonly words: readonly string[];
  readonly verdict?: Verdict;
}

const PAUSE_MS = 5_000;

/** What a host says now of this machine and document. */
async function look(s3: S3Client, bucket: string, host: string, expected: Expected) {
  const said = await fetchVerdict(s3, bucket, host);
  if (typeof said === "string") return { is: "nothing yet", words: [said] } as const;
  return { is: trialVerdict(said, expected), words: said.words, said } as const;
}

/**
 * Waits until a machine has said that it is ready with its document.
 * @param limitSeconds how long it may take
 * @param final true where the engine has waited for the host already: a host that says no then means it
 */
export async function awaitVerdict(
  context: Context,
  s3: S3Client,
  where: { readonly bucket: string; readonly host: string },
  expected: Expected,
  { limitSeconds, final }: { readonly limitSeconds: number; readonly final: boolean },
): Promise<Waited> {
  const { bucket, host } = where;
  const until = Date.now() + limitSeconds * 1000;
  return context.progress.step(`Wait for the verdict of ${host}`, async (report) => {
    for (;;) {
      const { is, words, ...found } = await look(s3, bucket, host, expected);
      const said = "said" in found ? found.said : undefined;
      if (is === "passed") return { passed: true, words, ...(said && { verdict: said }) };
      if (is === "failed" && final) return { passed: false, words, ...(said && { verdict: said }) };
      if (Date.now() >= until) {
        const late = `${host} (${expected.instanceId}) did not say within ${limitSeconds} seconds that it is ready with its document.`;
        return { passed: false, words: [late, ...(is === "failed" ? words : [])] };
      }
      report(words.join(" "));
      await new Promise((resolve) => setTimeout(resolve, Math.min(PAUSE_MS, limitSeconds * 100)));
    }
  });
}
