import * as fs from "node:fs";
import type { Context } from "../context";
import { doctor as examine } from "../doctor/doctor";
import { doctorExitCode, doctorText } from "../doctor/render";
import { loadStack } from "../loadStack";
import { stackName } from "../readStack";
import type { Report } from "../outcome";
import { stackFilePath } from "../stackFile";

/** `gpudev doctor`: what this machine lacks, and the exact mend. Without a stack file, the defaults count. */
export async function doctor(context: Context): Promise<Report> {
  const stack = stackName(context);
  const named = context.stack !== undefined || fs.existsSync(stackFilePath(context.folder, stack));
  const settings = named ? loadStack(context).settings : undefined;
  const checks = await examine(context.progress, {
    ...(settings === undefined ? {} : { settings }),
    env: context.env,
  });
  context.print(doctorText(checks));
  return { findings: [], checks, exitCode: doctorExitCode(checks) };
}
