import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { withValues } from "../../../cli/aws/record";
import { withTlsOnly } from "../../../cli/aws/statePolicy";
import { setTopLevel, topLevel } from "../../../components/settings";

const FILE = `# The team's stack.
config:
  gpudev:target: aws   # on EC2

  gpudev:aws:
    region: eu-west-1  # near us
    hosts: { ladder: [ {type: g6.xlarge}, {type: g5.xlarge} ] }  # cheap ones
`;

describe("values that are recorded in a stack file", () => {
  const values = {
    "gpudev:aws.hosts.ami.id": "ami-0123",
    "gpudev:aws.homes.zone": "eu-west-1a",
    "gpudev:aws.hosts.rung": 1,
    "gpudev:lifetime.until": "2026-12-01T18:00:00+00:00",
  };

  it("stand where settings have them, and every comment stays", () => {
    const text = withValues(FILE, values);
    expect((parse(text) as { config: unknown }).config).toEqual({
      "gpudev:target": "aws",
      "gpudev:aws": {
        region: "eu-west-1",
        hosts: {
          ladder: [{ type: "g6.xlarge" }, { type: "g5.xlarge" }],
          ami: { id: "ami-0123" },
          rung: 1,
        },
        homes: { zone: "eu-west-1a" },
      },
      "gpudev:lifetime": { until: "2026-12-01T18:00:00+00:00" },
    });
    for (const comment of ["# The team's stack.", "aws   # on EC2", "# near us", "# cheap ones"])
      expect(text).toContain(comment);
    expect(text).toContain('until: "2026-12-01T18:00:00+00:00"');
  });

  it("change nothing the second time", () => {
    const text = withValues(FILE, values);
    expect(withValues(text, values)).toBe(text);
  });
});

describe("what stands beside config", () => {
  it("is added below, and the rest stays to the last byte", () => {
    expect(setTopLevel(FILE, "secretsprovider", "awskms:///alias/x?region=r")).toBe(
      `${FILE}secretsprovider: "awskms:///alias/x?region=r"\n`,
    );
  });

  it("is replaced in its place", () => {
    const text = `secretsprovider: old # by hand\n${FILE}`;
    expect(setTopLevel(text, "secretsprovider", "new")).toBe(
      `secretsprovider: "new" # by hand\n${FILE}`,
    );
    expect(topLevel(text, "secretsprovider")).toBe("old");
    expect(topLevel(text, "encryptedkey")).toBeUndefined();
  });
});

describe("the policy of the state bucket", () => {
  interface Policy {
    readonly Statement: readonly { readonly Sid: string }[];
  }
  const made = withTlsOnly("eu-west-1", "state", undefined) ?? "";
  const sids = (text: string) => (JSON.parse(text) as Policy).Statement.map(({ Sid }) => Sid);

  it("refuses connections without TLS", () => {
    expect((JSON.parse(made) as Policy).Statement).toEqual([
      {
        Sid: "EncryptedOnly",
        Effect: "Deny",
        Principal: "*",
        Action: ["s3:*"],
        Resource: ["arn:aws:s3:::state", "arn:aws:s3:::state/*"],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ]);
    expect(withTlsOnly("eu-west-1", "state", made)).toBeUndefined();
  });

  it("keeps what others wrote, and mends its own statement", () => {
    const others = { Version: "2012-10-17", Statement: [{ Sid: "Audit", Effect: "Allow" }] };
    const both = withTlsOnly("eu-west-1", "state", JSON.stringify(others)) ?? "";
    expect(sids(both)).toEqual(["Audit", "EncryptedOnly"]);
    const broken = both.replace('"Deny"', '"Allow"');
    expect(withTlsOnly("eu-west-1", "state", broken)).toBe(both);
  });
});
