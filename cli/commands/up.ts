import * as fs from "node:fs";
import { deploy } from "../../components/deploy";
import { endpointsOf } from "../../components/endpoints";
import { recordSeats } from "../../components/settings";
import { accessFiles, sshCommand, writeAccessFiles } from "../access";
import { bootstrap } from "../bootstrap/bootstrap";
import type { Context } from "../context";
import { changesAlone, describeChanges } from "../engine/events";
import { confirm } from "../confirm";
import { clearLocks, engineOn } from "../engine/open";
import { operate } from "../engine/operate";
import { ensurePulumiCli } from "../engine/cli";
import { recover } from "../engine/recover";
import { decide, loadStack, type DecidedStack } from "../loadStack";
import { stackName } from "../readStack";
import { mayEnd } from "../mayEnd";
import { CommandFailure, ExitCode, type Report } from "../outcome";
import { refusal } from "../refusal";
import { findingsText, hasErrors } from "../output/findings";
import { environmentsTable } from "../output/environments";
import type { Engine } from "../engine/workspace";
import { prepareBase } from "../prepareBase";
import { writeSeatRecord } from "../seatRecord";
import { startStopped } from "../startStopped";
import { replaceFile } from "../stackFile";
import { withStack } from "../withStack";
import { welcome } from "../welcome";

export interface UpOptions {
  /** Make this machine ready first: Docker, a Pulumi CLI, a base image, a stack file. */
  readonly bootstrap: boolean;
  /** Go on without asking where running environments would end. */
  readonly yes: boolean;
}

const BOOTSTRAP_STACK = "local";

/** `gpudev up`: makes the stack's environments what its file says. */
export async function up(context: Context, options: UpOptions): Promise<Report> {
  if (!options.bootstrap)
    return withStack(
      context,
      stackName(context),
      "up",
      async () => (await bringUp(context, options)).report,
    );
  if ((context.stack ?? BOOTSTRAP_STACK) !== BOOTSTRAP_STACK)
    throw new CommandFailure(
      ExitCode.badInput,
      `--bootstrap makes the stack \`${BOOTSTRAP_STACK}\`, not \`${context.stack}\`.`,
      "Leave --stack out, or leave --bootstrap out.",
    );
  const local = { ...context, stack: BOOTSTRAP_STACK };
  return withStack(local, BOOTSTRAP_STACK, "up --bootstrap", async () => {
    await bootstrap(context.progress, { folder: context.folder, env: context.env });
    const { decided, report } = await bringUp(local, options);
    return { ...report, ...(await welcome(local, decided)) };
  });
}

/** Asks on the terminal before what runs in somebody's environment ends. */
async function askBeforeEnding(context: Context, engine: Engine, refresh: boolean): Promise<void> {
  const { ended } = await operate(context.progress, "Compare with what is there", refresh, (run) =>
    engine.preview(run),
  );
  if (ended.length === 0) return;
  await confirm({
    yes: false,
    question: `This ends what runs in ${ended.join(", ")}; homes stay. Go on?`,
    withoutTerminal: "go on",
  });
}

/** Records seats in the stack file before anything is made, so that a killed run finds them again. */
function record(context: Context, decided: DecidedStack): void {
  const { id, seats } = decided.plan;
  // Read anew: getting a Pulumi CLI may have taken minutes, in which the file was edited.
  const before = fs.readFileSync(decided.file, "utf8");
  const text = recordSeats(before, { id, ...seats });
  writeSeatRecord(decided.folders.seatsFile, { id, seats });
  if (text === before) return;
  replaceFile(decided.file, text);
  context.progress.note(`Seats are recorded in ${decided.file}.`);
}

async function bringUp(
  context: Context,
  options: UpOptions,
): Promise<{ decided: DecidedStack; report: Report }> {
  const decided = await decide(context, loadStack(context));
  if (hasErrors(decided.findings)) throw refusal(decided.findings);
  if (decided.findings.length > 0) context.say(findingsText(decided.findings));
  const cli = await ensurePulumiCli(context.progress);
  record(context, decided);
  await prepareBase(context, decided);
  await clearLocks(context, decided);
  const engine = await engineOn(context, decided, cli, () => deploy(decided.plan));
  const { stack, id } = decided.plan;
  const refresh = await recover(
    engine,
    decided.docker,
    { stack, id },
    context.progress,
    mayEnd(options.yes),
  );
  if (!options.yes && process.stdin.isTTY) await askBeforeEnding(context, engine, refresh);
  const count = decided.plan.environments.length;
  const { changes, warnings } = await operate(
    context.progress,
    `Bring up stack ${decided.stack} (${count} environment${count === 1 ? "" : "s"})`,
    refresh,
    (run) => engine.up(run),
  );
  warnings.forEach((warning) => context.progress.note(warning));
  await startStopped(context, decided);
  await context.progress.step("Fetch the environments' host keys", () => writeAccessFiles(decided));
  return { decided, report: announce(context, decided, changes) };
}

function announce(
  context: Context,
  decided: DecidedStack,
  changes: Parameters<typeof describeChanges>[0],
): Report {
  const endpoints = endpointsOf(decided.plan);
  const files = accessFiles(decided.folders.work);
  context.print(`Stack ${decided.stack}: ${describeChanges(changes, "done")}.`);
  if (endpoints.length > 0) {
    context.print(`\n${environmentsTable(endpoints, files)}`);
    if (endpoints.some(({ jupyter }) => jupyter !== undefined))
      context.print(
        "\nA Jupyter link with its token: `gpudev open NAME`. A shell: `gpudev ssh NAME`.",
      );
  }
  return {
    stack: decided.stack,
    findings: decided.findings,
    changes: changesAlone(changes),
    environments: endpoints.map((endpoint) => ({
      ...endpoint,
      ...(endpoint.ssh === undefined ? {} : { sshCommand: sshCommand(endpoint, files) }),
    })),
    ...files,
  };
}
