import { describe, expect, it } from "vitest";
import {
  checkBackend,
  stateBucket,
  stateSecrets,
  stateUrl,
} from "../../../components/plan/aws/state";
import { awsSettings } from "./world";

const aws = (state: Record<string, unknown>) => awsSettings([], { state }).aws;
const NAMED = { bucket: "gpudev-state-111122223333-eu-west-1", key: "alias/gpudev-state" };

describe("where the state of a stack on AWS lies", () => {
  it("is nowhere until somebody has named it", () => {
    expect([stateUrl(aws({}), false), stateSecrets(aws({}))]).toEqual([undefined, undefined]);
  });

  it("is a bucket, encrypted by a key, as Pulumi takes them", () => {
    expect(stateUrl(aws(NAMED), false)).toBe(
      "s3://gpudev-state-111122223333-eu-west-1?region=eu-west-1&awssdk=v2",
    );
    expect(stateUrl(aws(NAMED), true)).toBe(
      "s3://gpudev-state-111122223333-eu-west-1?region=eu-west-1&awssdk=v2&use_path_style=true",
    );
    expect(stateSecrets(aws(NAMED))).toBe(
      "awskms:///alias/gpudev-state?region=eu-west-1&awssdk=v2",
    );
  });

  it("has a name that S3 takes in every region", () => {
    for (const region of ["us-east-1", "ap-southeast-4", "us-gov-west-1"])
      expect(stateBucket("111122223333", region)).toMatch(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/);
  });

  it.each<[string, Record<string, unknown>, string | undefined, string[]]>([
    ["in S3", NAMED, "s3://bucket?region=eu-west-1", []],
    ["in Pulumi's service", {}, "https://api.pulumi.com", []],
    ["not known", {}, undefined, []],
    [
      "in a folder",
      {},
      "file:///home/ada/state",
      ["error state-local gpudev:aws.state.allowLocal"],
    ],
    [
      "in a folder beside a bucket",
      NAMED,
      "file://~",
      ["error state-local gpudev:aws.state.allowLocal"],
    ],
    [
      "in a folder on purpose",
      { allowLocal: true },
      "file://~",
      ["warning state-local gpudev:aws.state.allowLocal"],
    ],
  ])("may be %s", (_, state, backend, found) => {
    const lines = checkBackend(aws(state), backend).map(
      ({ severity, code, path }) => `${severity} ${code} ${path}`,
    );
    expect(lines).toEqual(found);
  });

  it("tells how to mend it", () => {
    const mend = (state: Record<string, unknown>) => checkBackend(aws(state), "file://~")[0]?.mend;
    expect(mend({})).toMatch(/^Run gpudev init, .* To insist: state: \{allowLocal: true\}/);
    expect(mend(NAMED)).toContain("Take PULUMI_BACKEND_URL out of the environment");
  });
});
