import pc from "picocolors";
import { endpointsOf } from "../components/endpoints";
import { accessFiles, sshCommand } from "./access";
import { firstRun } from "./bootstrap/firstRun";
import type { Context } from "./context";
import { jupyterLink, readToken } from "./environments";
import type { DecidedStack } from "./loadStack";

/**
 * What ends a first run: a look at the GPU, one training step inside, the link and the SSH command. The link
 * holds the token, since the one who reads it is its owner, at this machine.
 */
export async function welcome(
  context: Context,
  decided: DecidedStack,
): Promise<Record<string, unknown>> {
  const [endpoint] = endpointsOf(decided.plan);
  if (endpoint === undefined) return {};
  const host = decided.settings.docker.host;
  const seen = await firstRun(context.progress, {
    container: endpoint.environment,
    ...(host === undefined ? {} : { dockerHost: host }),
  });
  const link =
    endpoint.jupyter === undefined
      ? undefined
      : jupyterLink(endpoint.jupyter, await readToken(decided, endpoint.environment));
  const ssh = sshCommand(endpoint, accessFiles(decided.folders.work));
  context.print("\nYour environment is ready.");
  if (seen.training !== undefined) context.print(`  Training ${seen.training}`);
  if (link !== undefined) context.print(`  Jupyter  ${pc.bold(link)}`);
  if (ssh !== "") context.print(`  SSH      ${pc.bold(ssh)}`);
  return { firstRun: seen, ...(link === undefined ? {} : { link }) };
}
