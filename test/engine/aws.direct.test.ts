import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeAwsPlan } from "../../components/plan/aws/makeAwsPlan";
import { account, awsSettings, recordAws } from "../plan/aws/world";
import { AwsEngine } from "../support/awsEngine";

/** A root certificate as Caddy makes it. */
function rootCertificate(folder: string): string {
  const [key, file] = [path.join(folder, "root.key"), path.join(folder, "root.crt")];
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
      ...["-subj", "/CN=Caddy Local Authority", "-days", "3600", "-keyout", key, "-out", file],
    ],
    { stdio: "ignore" },
  );
  return fs.readFileSync(file, "utf8");
}

describe("direct access without a domain", () => {
  const settings = recordAws(
    awsSettings(["ada"], {
      hosts: { ladder: [{ type: "g6.12xlarge" }] },
      access: { directFrom: ["203.0.113.0/24"] },
    }),
    account(),
  );
  const plan = makeAwsPlan(settings, account());
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-ca-"));
  let engine: AwsEngine;
  /** What the stack tells of its CAs, as the state keeps it. */
  const told = () =>
    engine.resources().find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs?.[
      "certificateAuthorities"
    ];

  beforeAll(async () => {
    engine = await AwsEngine.open("team");
  });
  afterAll(() => {
    engine.remove();
    fs.rmSync(folder, { recursive: true });
  });

  it("has no root to tell as long as the host has published none", async () => {
    const ran = await engine.up(plan);
    expect(ran.tally.errors).toEqual([]);
    expect(told()).toEqual({});
  });

  it("tells the root and its fingerprint once the host has, as no secret", async () => {
    const pem = rootCertificate(folder);
    engine.account.change({ parameters: { "/gpudev/7f3k2m/host-0/ca/root": pem } });
    const ran = await engine.up(plan);
    expect(ran.tally.errors).toEqual([]);
    expect(Object.keys(ran.changes)).toEqual(["same"]);
    expect(told()).toEqual({
      "host-0": {
        rootCertificate: pem,
        fingerprint: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/) as string,
      },
    });
  });
});
