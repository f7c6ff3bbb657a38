import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { sessionArgs, type AwsWay } from "../../../components/endpoints";
import { browserCommand, type OpenOptions } from "../../commands/open";
import { runCommand } from "../../../components/lookups/command";
import type { Context } from "../../context";
import { jupyterLink } from "../../environments";
import { CommandFailure, ExitCode, type Report } from "../../outcome";
import { replaceFile } from "../../stackFile";
import type { AwsStackOnFile } from "../awsStack";
import { ssmIn } from "../clients";
import { sessionFailure } from "../failures";
import { awaitAnswer, localPort, startTunnel, type Reach, type Tunnel } from "../tunnel";
import { notPublished, readPublished, requireSessions, wayOf } from "../ways";

/**
 * `gpudev open NAME` on AWS: the user's token and instance from the parameters that the host publishes, and a
 * session to Jupyter's port for as long as this runs. It takes the user's own narrow policy and no more.
 */
export async function open(
  context: Context,
  read: AwsStackOnFile,
  user: string,
  options: OpenOptions,
): Promise<Report> {
  const way = wayOf(read, user);
  const { jupyter } = way;
  if (jupyter === undefined)
    throw new CommandFailure(
      ExitCode.badInput,
      `Stack ${read.stack} serves no Jupyter.`,
      "Set jupyter: true under gpudev:services.",
    );
  const ssm = ssmIn(way.region);
  const direct = await directAddress(context, read, way, ssm);
  if (direct === undefined) requireSessions(context.env);
  const [token, instance] = await Promise.all([
    readPublished(ssm, way, "token"),
    direct === undefined ? readPublished(ssm, way, "instance") : undefined,
  ]);
  if (token === undefined) throw notPublished(way, "its Jupyter token");
  const report = { stack: read.stack, findings: [], user };
  if (direct !== undefined) {
    const link = jupyterLink(direct.address, token);
    context.print(link);
    await browse(context, options, link);
    return { ...report, link, ...(direct.ca === undefined ? {} : { ca: direct.ca }) };
  }
  if (instance === undefined) throw notPublished(way, "which instance serves it");
  const port = await localPort(jupyter.port);
  const args = sessionArgs(jupyter, instance, port);
  const link = jupyterLink(`http://127.0.0.1:${port}/lab`, token);
  const opened = { ...report, link, tunnel: ["aws", ...args].join(" ") };
  if (context.json) return opened;
  await keepOpen(context, way, startTunnel("aws", args, context.env), port, async () => {
    context.print(link);
    context.say("The link answers on this machine while this runs; Ctrl-C ends it.");
    await browse(context, options, link);
  });
  return opened;
}

async function browse(context: Context, options: OpenOptions, link: string): Promise<void> {
  if (!options.browser) return;
  const program = browserCommand(process.platform, context.env);
  if (program === undefined) context.say("There is no desktop here to open a browser on.");
  else await runCommand(program, [link]);
}

/** A host's own CA, for whoever has to trust it. */
interface PrivateCa {
  /** File with the root certificate. */
  readonly file: string;
  /** SHA-256 of the certificate, as browsers show it. */
  readonly sha256: string;
}

/** Jupyter's address where settings open it to this machine's network; undefined where SSM is the way. */
async function directAddress(
  context: Context,
  read: AwsStackOnFile,
  way: AwsWay,
  ssm: ReturnType<typeof ssmIn>,
): Promise<{ readonly address: string; readonly ca?: PrivateCa } | undefined> {
  if (way.direct === undefined) return undefined;
  const { name, https } = way.direct;
  if (name !== undefined) return { address: `https://${name}:${https}/lab` };
  const [host, root] = await Promise.all([
    readPublished(ssm, way, "address"),
    readPublished(ssm, way, "ca"),
  ]);
  // A host that has not said where it is can still be reached by a session.
  if (host === undefined) return undefined;
  const address = `https://${host}:${https}/lab`;
  if (root === undefined) return { address };
  const ca = keepRoot(path.join(read.folders.work, `${way.host}-ca.crt`), root);
  context.say(
    `The certificate is of the host's own CA. Its root is in ${ca.file}; SHA-256 ${ca.sha256}.`,
  );
  return { address, ca };
}

function keepRoot(file: string, root: string): PrivateCa {
  const { fingerprint256 } = new crypto.X509Certificate(root);
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  replaceFile(file, root.endsWith("\n") ? root : `${root}\n`);
  return { file, sha256: fingerprint256 };
}

/** Waits for an answer through the tunnel, tells so, and keeps it until a signal asks to end. */
async function keepOpen(
  context: Context,
  way: AwsWay,
  tunnel: Tunnel,
  port: number,
  answered: () => Promise<void>,
): Promise<void> {
  let asked = false;
  const end = () => {
    asked = true;
    void tunnel.close();
  };
  const signals: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  signals.forEach((signal) => process.on(signal, end));
  try {
    const reach = await context.progress.step(`Open the way to ${way.user}'s Jupyter`, () =>
      awaitAnswer(tunnel, port),
    );
    if (reach === "answers") await answered();
    else if (!asked) throw noWay(way, tunnel, reach);
    await tunnel.ended;
    if (!asked) throw noWay(way, tunnel, "ended");
  } finally {
    signals.forEach((signal) => process.off(signal, end));
    await tunnel.close();
  }
}

function noWay(way: AwsWay, tunnel: Tunnel, reach: Exclude<Reach, "answers">): CommandFailure {
  const said = tunnel.said().trim();
  const last = said.split("\n").at(-1) ?? "";
  if (reach === "silent")
    return new CommandFailure(
      ExitCode.failed,
      `The host is there, and the environment of ${way.user} does not answer: it is stopped, or still starting.`,
      `\`gpudev start ${way.user}\` starts it and waits.`,
    );
  const known = reach === "ended" ? sessionFailure(said, way.user) : undefined;
  return (
    known ??
    new CommandFailure(
      ExitCode.failed,
      `The session ${reach === "closed" ? "opened no port within a minute" : "has ended"}${last === "" ? "" : `: ${last}`}.`,
      `Run it again; where the host has stopped, \`gpudev start ${way.user}\` starts it.`,
    )
  );
}
