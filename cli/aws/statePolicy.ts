import { isDeepStrictEqual } from "node:util";
import { bucketPolicy } from "../../components/aws/hostPolicy";

interface Policy {
  readonly Version?: string;
  readonly Statement?: readonly { readonly Sid?: string }[];
}

/**
 * A bucket's policy with the statement that refuses unencrypted connections. What others wrote stays.
 * @param existing the policy's text; undefined where there is none
 * @returns undefined where it has the statement already
 */
export function withTlsOnly(
  region: string,
  bucket: string,
  existing: string | undefined,
): string | undefined {
  const own = JSON.parse(bucketPolicy(region, bucket)) as Policy;
  if (existing === undefined) return JSON.stringify(own);
  const before = JSON.parse(existing) as Policy;
  const [wanted] = own.Statement ?? [];
  const others = (before.Statement ?? []).filter(({ Sid }) => Sid !== wanted?.Sid);
  const same = (before.Statement ?? []).some((one) => isDeepStrictEqual(one, wanted));
  if (same) return undefined;
  return JSON.stringify({ ...before, Statement: [...others, ...(own.Statement ?? [])] });
}
