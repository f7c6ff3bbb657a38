import {
  DeleteParametersCommand,
  paginateGetParametersByPath,
  type SSMClient,
} from "@aws-sdk/client-ssm";
import { parameterPrefix } from "../../components/plan/aws/awsNames";
import type { Context } from "../context";
import { ssmIn } from "./clients";
import { awsFailure } from "./failures";
import { ENGINEERS_POLICY } from "./needAws";

/** Most names that SSM takes at once. */
const AT_ONCE = 10;

/** Parameters of a stack that hosts have published for a user, on whatever host; without a user all. Pure. */
export function publishedFor(
  names: readonly string[],
  stackId: string,
  user: string | undefined,
): string[] {
  const prefix = `${parameterPrefix(stackId)}/`;
  return names
    .filter((name) => {
      if (!name.startsWith(prefix)) return false;
      if (user === undefined) return true;
      const [host = "", whose] = name.slice(prefix.length).split("/");
      return /^host-\d+$/.test(host) && whose === user;
    })
    .toSorted();
}

async function namesBelow(client: SSMClient, Path: string): Promise<string[]> {
  const input = { Path, Recursive: true, WithDecryption: false };
  const found: string[] = [];
  for await (const page of paginateGetParametersByPath({ client }, input))
    found.push(...(page.Parameters ?? []).flatMap(({ Name }) => Name ?? []));
  return found;
}

/**
 * Deletes what hosts have published: tokens, host keys, addresses. No engine knows of it.
 * @param user a leaver; absent: everybody's, once no host is left to publish it anew
 * @throws CommandFailure where AWS does not do it; running the command again goes on with the rest
 */
export async function deletePublished(
  context: Context,
  region: string,
  stackId: string,
  user?: string,
): Promise<void> {
  const client = ssmIn(region);
  const whose = user === undefined ? "hosts have published" : `${user}'s host has published`;
  try {
    const names = publishedFor(await namesBelow(client, parameterPrefix(stackId)), stackId, user);
    if (names.length === 0) return;
    await context.progress.step(`Delete what ${whose} (${names.length})`, async () => {
      for (let at = 0; at < names.length; at += AT_ONCE)
        // One that is gone meanwhile is no error to SSM.
        await client.send(new DeleteParametersCommand({ Names: names.slice(at, at + AT_ONCE) }));
    });
  } catch (problem) {
    throw awsFailure(problem, `Deleting what ${whose} in Parameter Store`, ENGINEERS_POLICY);
  }
}
