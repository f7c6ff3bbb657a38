import type { Answer } from "../../lookups/model";
import type { AwsLookups } from "../../lookups/aws/model";
import type { Finding } from "../../settings/finding";
import { error, hint, listed, warning } from "../findings";
import type { AwsStack } from "./stack";

const PATH = "gpudev:aws.region";

const AMI = "the AMI";

/** What is asked of AWS, as a person calls it. */
const QUESTIONS = [
  ["zones", "zones"],
  ["offerings", "types offered by zone"],
  ["instances", "running instances"],
  ["volumes", "homes that exist"],
  ["vpcs", "ranges of other VPCs"],
  ["ami", AMI],
  ["vpc", "the existing VPC"],
  ["reservation", "the capacity reservation"],
  ["repository", "the image repository"],
] as const satisfies readonly (readonly [keyof AwsLookups, string])[];

function unanswered(lookups: AwsLookups): { readonly what: string; readonly because: string }[] {
  const quotas = Object.entries(lookups.quotas).map(
    ([code, answer]) => [`quota ${code}`, answer] as const,
  );
  const others = QUESTIONS.map(
    ([key, what]) => [what, lookups[key] as Answer<unknown> | undefined] as const,
  );
  return [...quotas, ...others].flatMap(([what, answer]) =>
    answer === undefined || answer.known ? [] : [{ what, because: answer.because }],
  );
}

/** The finding that a login is of an account that settings do not name. */
export function wrongAccount(id: string, accounts: readonly string[]): Finding {
  return error(
    "wrong-account",
    "gpudev:aws.accounts",
    `The credentials are of account ${id}, and the stack may be made in ${listed(accounts)} only`,
    "Use another profile (AWS_PROFILE), or add the account.",
  );
}

/** Whether the account is the right one, and everything that could not be asked. */
export function checkAccount(settings: AwsStack, lookups: AwsLookups): Finding[] {
  const { accounts, region } = settings.aws;
  const missing = unanswered(lookups);
  if (!lookups.account.known) {
    const what = missing.map((one) => one.what);
    return [
      warning(
        "unchecked",
        PATH,
        `AWS could not be asked (${lookups.account.because}), so that nothing of it was checked: ${listed(["the account", ...what], 20)}`,
        `Log in, such as by aws sso login, or set AWS_PROFILE; aws sts get-caller-identity --region ${region} has to answer.`,
      ),
    ];
  }
  const { id } = lookups.account.value;
  const findings: Finding[] = [];
  if (accounts.length > 0 && !accounts.includes(id)) {
    findings.push(wrongAccount(id, accounts));
  }
  // Of the AMI the plan has more to say.
  for (const { what, because } of missing.filter((one) => one.what !== AMI)) {
    const mend = "Allow the question (docs/aws.md has the policy), or go on unchecked.";
    findings.push(hint("unchecked", PATH, `Not checked: ${what} (${because})`, mend));
  }
  return findings;
}

/** What the sections for a machine with Docker mean on AWS: nothing. */
export function checkOtherTarget(settings: AwsStack): Finding[] {
  const findings: Finding[] = [];
  if (settings.workspace.length > 0) {
    findings.push(
      error(
        "workspace-on-aws",
        "gpudev:workspace",
        "Hosts on AWS have no folders of yours to mount",
        "Name data sets in S3 under gpudev:aws.data, and keep work in the home.",
      ),
    );
  }
  if (!settings.bind.address.startsWith("127.") || settings.bind.tls !== undefined) {
    findings.push(
      error(
        "bind-on-aws",
        "gpudev:bind",
        "On AWS ports stay on the host's loopback address",
        "Name ranges that may reach them directly under gpudev:aws.access.directFrom.",
      ),
    );
  }
  if (settings.gpu.share) {
    findings.push(
      error(
        "share-on-aws",
        "gpudev:gpu.share",
        "On AWS `gpu.share` does not say how users share a GPU",
        "Write gpudev:aws.hosts.sharing: time-slicing, or mig where the GPU has it.",
      ),
    );
  }
  return findings;
}

/** The existing repository that settings name. */
export function checkRepository(settings: AwsStack, lookups: AwsLookups): Finding[] {
  const { repository } = settings.aws.image;
  if (repository === undefined || lookups.repository?.known !== true || lookups.repository.value) {
    return [];
  }
  return [
    error(
      "no-such-repository",
      "gpudev:aws.image.repository",
      `There is no ECR repository ${repository} in ${settings.aws.region}`,
      "Correct it, or leave it out, and the stack makes one.",
    ),
  ];
}

/** Docker on this machine builds the image and pushes it. */
export function checkBuilder(settings: AwsStack, lookups: AwsLookups): Finding[] {
  if (settings.image.existing !== undefined || lookups.base.known) return [];
  return [
    warning(
      "no-builder",
      "gpudev:docker.host",
      `Docker on this machine builds the stack's image, and it could not be asked: ${lookups.base.because}`,
      "Start it or name another daemon, or name an image that exists as gpudev:image.existing.",
    ),
  ];
}
