import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { homeFromPasswd, loginFrom, userNameFor } from "../../cli/bootstrap/person";
import { userSchema } from "../../components/settings/schema";

describe("userNameFor", () => {
  it.each([
    ["ada", "ada"],
    ["Ada", "ada"],
    ["CORP\\Ada.Lovelace", "ada-lovelace"],
    ["ada@corp.example.com", "ada"],
    ["José", "jose"],
    ["7of9", "of9"],
    ["_apt", "_apt"],
    ["root", "dev"],
    ["id", "dev"],
    ["", "dev"],
    ["陳", "dev"],
    ["ada lovelace ", "ada-lovelace"],
    ["a".repeat(40), "a".repeat(31)],
    [`${"a".repeat(30)}-b`, "a".repeat(30)],
  ])("makes %j into %j", (login, name) => {
    expect(userNameFor(login)).toBe(name);
  });

  it("makes any login into a name that the settings take", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (login) => {
        expect(userSchema.shape.name.safeParse(userNameFor(login)).success).toBe(true);
      }),
    );
  });
});

describe("loginFrom", () => {
  it.each([
    [{ SUDO_USER: "ada", USER: "root" }, "ada"],
    [{ USER: "ada" }, "ada"],
    [{ LOGNAME: "ada" }, "ada"],
    [{ SUDO_USER: "", USER: " " }, "self"],
    [{}, "self"],
  ])("of %j is %s", (env, login) => {
    expect(loginFrom(env, "self")).toBe(login);
  });
});

describe("homeFromPasswd", () => {
  it("takes the sixth field", () => {
    expect(homeFromPasswd("ada:x:1000:1000:Ada,,,:/home/ada:/bin/bash\n")).toBe("/home/ada");
  });
  it.each(["", "ada:x:1000:1000:Ada::/bin/bash"])("is absent in %j", (line) => {
    expect(homeFromPasswd(line)).toBeUndefined();
  });
});
