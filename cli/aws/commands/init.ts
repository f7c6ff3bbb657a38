import * as fs from "node:fs";
import * as path from "node:path";
import { KMSClient } from "@aws-sdk/client-kms";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { wrongAccount } from "../../../components/plan/aws/account";
import { STATE_KEY, stateBucket, stateSecrets } from "../../../components/plan/aws/state";
import { setTopLevel, setValue, type Finding } from "../../../components/settings";
import { ask } from "../../../components/lookups/aws/ask";
import type { Context } from "../../context";
import { PROJECT } from "../../engine/stateFolders";
import { CommandFailure, ExitCode, type Report } from "../../outcome";
import { findingsText, hasErrors } from "../../output/findings";
import { refusal } from "../../refusal";
import { replaceFile } from "../../stackFile";
import { withStack } from "../../withStack";
import type { AwsStackOnFile } from "../awsStack";
import { common, s3In } from "../clients";
import { awsFailure } from "../failures";
import { ENGINEERS_POLICY } from "../needAws";
import { ensureBucket } from "../stateBucket";
import { ensureKey } from "../stateKey";

/** Whose login this is. */
async function accountOf(region: string): Promise<string> {
  const sts = new STSClient(common(region));
  const account = await ask(async (abortSignal) => {
    const { Account } = await sts.send(new GetCallerIdentityCommand({}), { abortSignal });
    if (Account === undefined) throw new Error("AWS named no account");
    return Account;
  });
  if (account.known) return account.value;
  throw new CommandFailure(
    ExitCode.notReady,
    `AWS could not be asked: ${account.because}. Nothing was created or changed.`,
    `Log in, such as by aws sso login, or set AWS_PROFILE; aws sts get-caller-identity --region ${region} has to answer.`,
  );
}

/** A state of this stack that lies on this machine already, and would be left behind. */
function leftBehind({ folders, stack, file }: AwsStackOnFile): Finding[] {
  const state = path.join(folders.backend, ".pulumi", "stacks", PROJECT, `${stack}.json`);
  if (!fs.existsSync(state)) return [];
  return [
    {
      severity: "warning",
      code: "state-left",
      path: "gpudev:aws.state",
      message: `This machine has a state of the stack already, which does not move by itself: ${state}.`,
      mend: `Bring it over before the next gpudev up, with the stack file ${file}: pulumi stack export from the old backend (file://${folders.backend}), pulumi stack import into the new one.`,
    },
  ];
}

function record({ file, settings }: AwsStackOnFile, bucket: string, key: string): boolean {
  const before = fs.readFileSync(file, "utf8");
  const { aws } = settings;
  const state = { ...aws.state, bucket, key };
  const named = [
    ...(aws.state.bucket === bucket ? [] : [["bucket", bucket] as const]),
    ...(aws.state.key === key ? [] : [["key", key] as const]),
  ].reduce((now, [name, value]) => setValue(now, ["gpudev:aws", "state", name], value), before);
  const text = setTopLevel(named, "secretsprovider", stateSecrets({ ...aws, state }) ?? "");
  if (text === before) return false;
  replaceFile(file, text);
  return true;
}

/**
 * `gpudev init`: makes the bucket and the key that the state of stacks on AWS lies in and is encrypted
 * by, one of each for an account and region, and writes them into the stack file. Run again it makes
 * nothing twice, and mends what somebody has changed.
 */
export function init(context: Context, stack: AwsStackOnFile): Promise<Report> {
  return withStack(context, stack.stack, "init", () => make(context, stack));
}

async function make(context: Context, stack: AwsStackOnFile): Promise<Report> {
  const { settings } = stack;
  const { region, state, accounts } = settings.aws;
  if (hasErrors(stack.findings)) throw refusal(stack.findings);
  const account = await context.progress.step("Ask AWS who is asking", () => accountOf(region));
  if (accounts.length > 0 && !accounts.includes(account))
    throw refusal([...stack.findings, wrongAccount(account, accounts)]);
  const bucket = state.bucket ?? stateBucket(account, region);
  const key = state.key ?? STATE_KEY;
  const did = await context.progress.step("Make the bucket and the key of the state", async () => {
    try {
      const made = await ensureKey(new KMSClient(common(region)), key);
      const changed = await ensureBucket(s3In(region), {
        name: bucket,
        region,
        account,
        key: made.arn,
      });
      return [...made.did, ...changed];
    } catch (problem) {
      throw awsFailure(problem, "Making the bucket and the key of the state", ENGINEERS_POLICY);
    }
  });
  const recorded = record(stack, bucket, key);
  const findings = [...stack.findings, ...leftBehind(stack)];
  if (findings.length > 0) context.say(findingsText(findings));
  context.print(
    did.length === 0 ? "Bucket and key are as they should be." : sentences(did).join("\n"),
  );
  context.print(
    recorded
      ? `Recorded in ${stack.file}: state.bucket, state.key and secretsprovider. Commit it: everybody who works on the stack needs them.`
      : `${stack.file} names them already.`,
  );
  context.print("Next: `gpudev preview`, then `gpudev up`.");
  return { stack: stack.stack, findings, account, region, bucket, key, did, recorded };
}

function sentences(did: readonly string[]): string[] {
  return did.map((one) => `${one.charAt(0).toUpperCase()}${one.slice(1)}.`);
}
