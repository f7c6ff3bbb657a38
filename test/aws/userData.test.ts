import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { renderUserData, USER_DATA_LIMIT } from "../../components/aws/userData";
import { packageRoot } from "../../components/lookups/paths";

const TEMPLATE = fs.readFileSync(
  path.join(packageRoot(), "images", "host", "user-data.sh"),
  "utf8",
);
const VALUES = {
  bucket: "gpudev-team-7f3k2m",
  prefix: "team/7f3k2m",
  region: "eu-west-1",
  bundle: "0".repeat(64),
  host: "host-0",
};

/** cloud-init runs user data once, so a change of it would reach no running host. It is the bundle that changes. */
const TEMPLATE_SHA256 = "57699796e78715819e05c391325001ea5a0ee36a18cbf96fdd881beb7dbc6268";

describe("user data", () => {
  it("differs by its five values alone", () => {
    const text = renderUserData(TEMPLATE, VALUES);
    expect(text).not.toMatch(/@[A-Z]+@/);
    expect(text).toContain("export BUNDLE='" + "0".repeat(64) + "'");
    const config = /export SAID='(.*)'/.exec(text)?.[1] ?? "";
    expect(JSON.parse(config)).toEqual({
      bucket: "gpudev-team-7f3k2m",
      prefix: "team/7f3k2m",
      region: "eu-west-1",
      host: "host-0",
    });
    const other = renderUserData(TEMPLATE, { ...VALUES, host: "host-1" }).split("\n");
    const changed = text.split("\n").filter((line, index) => line !== other[index]);
    expect(changed).toEqual([`export SAID='${config}'`]);
  });

  it("has not changed: whoever changes it decides what hosts of before get", () => {
    expect(createHash("sha256").update(TEMPLATE).digest("hex")).toBe(TEMPLATE_SHA256);
  });

  it("sets the timer that switches an unready host off before anything that may fail or wait", () => {
    const commands = TEMPLATE.split("\n").filter((line) => !/^(#|$)/.test(line));
    const timer = commands.findIndex((line) => line.startsWith("systemctl enable --now"));
    expect(commands.slice(0, timer).filter((line) => !line.startsWith("printf "))).toEqual([
      "set -euo pipefail",
      "unready=/etc/systemd/system/gpudevunready",
    ]);
    expect(commands[timer]).toMatch(/^systemctl enable --now gpudevunready\.timer \|\| echo /);
  });

  it("stays well below EC2's limit", () => {
    expect(Buffer.byteLength(renderUserData(TEMPLATE, VALUES))).toBeLessThan(USER_DATA_LIMIT / 2);
  });

  it("is a script that bash and Python 3.10 can read", () => {
    execFileSync("bash", ["-n"], { input: renderUserData(TEMPLATE, VALUES) });
    const python = /<<'PYTHON'\n([\s\S]*)\nPYTHON\n/.exec(TEMPLATE)?.[1] ?? "";
    expect(python).toContain("import");
    const check = "import ast, sys; ast.parse(sys.stdin.read(), feature_version=(3, 10))";
    execFileSync("python3", ["-c", check], { input: python });
  });

  it("holds no secret and takes no value that is more than a name", () => {
    expect(renderUserData(TEMPLATE, VALUES)).not.toMatch(/AKIA|ssh-|PRIVATE KEY/);
    for (const bucket of ["a'b", 'a"b', "a b", "$(id)", "a\nb", "a\\b"]) {
      expect(() => renderUserData(TEMPLATE, { ...VALUES, bucket })).toThrow("is no plain name");
    }
    expect(() => renderUserData(`${TEMPLATE}${"#".repeat(USER_DATA_LIMIT)}`, VALUES)).toThrow(
      "EC2 takes 16384",
    );
  });
});
