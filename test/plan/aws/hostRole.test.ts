import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hostPolicy } from "../../../components/aws/hostPolicy";
import { checkHostRoles } from "../../../components/plan/aws/hostRole";
import { makeAwsPlan } from "../../../components/plan/aws/makeAwsPlan";
import { account, awsSettings, oneFinding } from "./world";

const users = (count: number) => Array.from({ length: count }, (_, index) => `user${index}`);
const place = { region: "us-gov-west-1", account: "1".repeat(12) };
const arn = (service: string, rest: string) =>
  `arn:aws-us-gov:${service}:${place.region}:${place.account}:${rest}`;

/** A host's policy with the longest names that there can be. */
const policy = (points: number, data: { bucket: string; prefix: string }[]) =>
  hostPolicy({
    ...place,
    bucket: "b".repeat(63),
    host: "host-9999",
    applyDocument: "d".repeat(128),
    parameters: "/gpudev/7f3k2m/host-9999",
    repositoryArn: arn("ecr", `repository/${"r".repeat(256)}`),
    ...(data.length === 0 ? {} : { data, dataRoleArn: arn("iam", `role/${"r".repeat(64)}`) }),
    fileSystemArn: arn("elasticfilesystem", `file-system/fs-${"0".repeat(17)}`),
    accessPointArns: Array.from({ length: points }, () =>
      arn("elasticfilesystem", `access-point/fsap-${"0".repeat(17)}`),
    ),
  });

describe("a host's role", () => {
  it("with whatever homes and data sets the plan lets pass has a policy that IAM takes", () => {
    const set = fc.record({
      bucket: fc.stringMatching(/^[a-z0-9]{3,63}$/),
      prefix: fc.string({ minLength: 1, maxLength: 200 }).map((text) => `x${text}/`),
    });
    fc.assert(
      fc.property(fc.nat(100), fc.array(set, { maxLength: 30 }), (count, data) => {
        const settings = awsSettings(["ada"], {
          region: place.region,
          data,
          homes: { kind: "efs" },
        });
        const refused = checkHostRoles(settings, [{ name: "host-0", users: users(count) }]);
        fc.pre(refused.length === 0);
        expect(policy(count, data).length).toBeLessThanOrEqual(10_240);
      }),
    );
  });

  it("has as many homes as fit, and hardly fewer", () => {
    const settings = awsSettings(["ada"], { region: place.region, homes: { kind: "efs" } });
    const passes = (count: number) =>
      checkHostRoles(settings, [{ name: "host-0", users: users(count) }]).length === 0;
    const most = users(200).filter((_, index) => passes(index + 1)).length;
    expect(policy(most, []).length).toBeLessThanOrEqual(10_240);
    expect(policy(most + 10, []).length).toBeGreaterThan(10_240);
  });

  const crowd = (count: number, usersPerHost: number, aws: Record<string, unknown> = {}) =>
    makeAwsPlan(
      awsSettings(users(count), {
        hosts: { ladder: [{ type: "g6.48xlarge" }], sharing: "time-slicing", usersPerHost },
        homes: { kind: "efs" },
        ...aws,
      }),
      account(),
    );

  it("that would name more homes than fit is refused before anything is made", () => {
    const finding = oneFinding(crowd(90, 90), "host-role-too-large");
    expect(finding).toMatchObject({ severity: "error", path: "gpudev:aws.hosts.usersPerHost" });
    expect(finding.message).toMatch(
      /^host-0 has 90 users with homes on EFS, .* room for \d+ in a role\.$/,
    );
    const most = Number(/usersPerHost: (\d+)/.exec(finding.mend)?.[1]);
    const codes = crowd(90, most).findings.map(({ code }) => code);
    expect(codes).not.toContain("host-role-too-large");
  });

  it("has room for any number of homes on a volume", () => {
    const codes = crowd(90, 90, { homes: { size: "1GiB" } }).findings.map(({ code }) => code);
    expect(codes).not.toContain("host-role-too-large");
  });

  it("that would read more data sets than fit is refused", () => {
    const data = users(40).map((bucket) => ({ bucket, prefix: "sets/" }));
    expect(oneFinding(crowd(2, 8, { data }), "host-role-too-large").path).toBe("gpudev:aws.data");
  });
});
