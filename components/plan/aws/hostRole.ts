import type { Finding } from "../../settings/finding";
import { error } from "../findings";
import { planData } from "./environments";
import type { PlannedHost } from "./model";
import type { AwsStack } from "./stack";

/** Characters that all inline policies of a role have together (IAM user guide, quotas of IAM and STS). */
const ROLE_LIMIT = 10_240;
/** Most that a host's policy has without homes and data sets, with the longest names; test/plan/aws/hostRole.test.ts holds it against the policy itself. */
const FIXED = 3_000;
/** Around one data set's names: part of one statement, and a statement of its own. */
const DATA_SET = 210;

/** Characters of the ARN of an access point, with quotes and comma, in the partition with the longest name. */
function pointSize(region: string): number {
  const name = `arn:aws-us-gov:elasticfilesystem:${region}:${"0".repeat(12)}:access-point/fsap-${"0".repeat(17)}`;
  return name.length + 3;
}

/** Most characters that the data sets take of a host's policy. */
function dataSize(settings: AwsStack): number {
  const sizes = planData(settings).map(
    ({ bucket, prefix }) => DATA_SET + 2 * (bucket.length + JSON.stringify(prefix).length),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/**
 * What IAM refuses only while a host is being made: a role whose policy names more access points
 * of homes, or more data sets, than it has room for.
 */
export function checkHostRoles(
  settings: AwsStack,
  hosts: readonly Pick<PlannedHost, "name" | "users">[],
): Finding[] {
  if (hosts.length === 0) return [];
  const { region, homes } = settings.aws;
  const data = dataSize(settings);
  const left = ROLE_LIMIT - FIXED - data;
  if (left < 0) {
    return [
      error(
        "host-role-too-large",
        "gpudev:aws.data",
        `The policy by which a host reads ${settings.aws.data.length} data sets may take ${FIXED + data} characters, and IAM takes ${ROLE_LIMIT}`,
        "Write fewer data sets: one prefix above several, or a bucket without prefix.",
      ),
    ];
  }
  if (homes.kind !== "efs") return [];
  const most = Math.floor(left / pointSize(region));
  return hosts
    .filter(({ users }) => users.length > most)
    .map(({ name, users }) =>
      error(
        "host-role-too-large",
        "gpudev:aws.hosts.usersPerHost",
        `${name} has ${users.length} users with homes on EFS, each with an access point that the host's role names, and IAM has room for ${most} in a role`,
        `Write usersPerHost: ${most} or less before anybody is seated; later give users another host under gpudev:seats, which homes on EFS follow.`,
      ),
    );
}
