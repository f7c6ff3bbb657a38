import { endpointsOf } from "../../components/endpoints";
import { runCommand } from "../../components/lookups/command";
import type { Context } from "../context";
import { containerOf, jupyterLink, readToken } from "../environments";
import { decide, loadStack } from "../loadStack";
import { CommandFailure, ExitCode, type Report } from "../outcome";

export interface OpenOptions {
  /** Open the link in this machine's browser too. */
  readonly browser: boolean;
}

/** Program that opens a link on a desktop; undefined where there is no desktop. */
export function browserCommand(
  platform: NodeJS.Platform,
  env: NodeJS.ProcessEnv,
): string | undefined {
  if (platform === "darwin") return "open";
  const desktop = [env.DISPLAY, env.WAYLAND_DISPLAY].some((value) => (value ?? "") !== "");
  return platform === "linux" && desktop ? "xdg-open" : undefined;
}

/** `gpudev open NAME`: the Jupyter link with its token, which comes over the daemon's own channel. */
export async function open(context: Context, user: string, options: OpenOptions): Promise<Report> {
  const loaded = loadStack(context);
  const container = containerOf(loaded, user);
  const { plan } = await decide(context, loaded);
  const endpoint = endpointsOf(plan).find((one) => one.user === user);
  if (endpoint?.jupyter === undefined)
    throw new CommandFailure(
      ExitCode.badInput,
      `Stack ${loaded.stack} serves no Jupyter.`,
      "Set jupyter: true under gpudev:services.",
    );
  const link = jupyterLink(endpoint.jupyter, await readToken(loaded, container));
  if (endpoint.tunnel !== undefined)
    context.say(`The link answers on this machine while this runs: ${endpoint.tunnel}`);
  context.print(link);
  if (options.browser) {
    const program = browserCommand(process.platform, context.env);
    if (program === undefined) context.say("There is no desktop here to open a browser on.");
    else await runCommand(program, [link]);
  }
  return {
    stack: loaded.stack,
    findings: [],
    user,
    link,
    ...(endpoint.tunnel === undefined ? {} : { tunnel: endpoint.tunnel }),
  };
}
