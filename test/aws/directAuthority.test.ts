import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { authorityOf } from "../../components/aws/directAuthority";
import { authorityFolder } from "../../components/aws/teamParts";
import { makeAwsPlan } from "../../components/plan/aws/makeAwsPlan";
import { account, awsSettings } from "../plan/aws/world";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-ca-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** A root certificate as Caddy makes it: ECDSA over P-256, signed by itself. */
function rootCertificate(): string {
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

describe("a host's private CA", () => {
  it("is told by its root and the fingerprint that a browser shows", () => {
    const pem = rootCertificate();
    const shown = execFileSync("openssl", ["x509", "-noout", "-fingerprint", "-sha256"], {
      input: pem,
    });
    const fingerprint = shown.toString().trim().split("=")[1];
    expect(authorityOf(pem)).toEqual({ rootCertificate: pem, fingerprint });
  });

  it.each(["", "token", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])(
    "is not made up from %j",
    (text) => {
      expect(authorityOf(text)).toBeUndefined();
    },
  );
});

describe("where a host publishes its CA", () => {
  const folderOf = (access: Record<string, unknown>) =>
    authorityFolder(makeAwsPlan(awsSettings(["ada"], { access }), account()), "host-0");
  const directFrom = ["203.0.113.0/24"];

  it.each([
    ["direct access without a domain", { directFrom }, "/gpudev/7f3k2m/host-0/ca"],
    ["direct access with a domain", { directFrom, domain: "gpu.example.com" }, undefined],
    ["access by SSM alone", {}, undefined],
  ])("with %s: %s", (_, access, found) => {
    expect(folderOf(access)).toBe(found);
  });
});
