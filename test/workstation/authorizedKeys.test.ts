import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { WorkstationPlan } from "../../components/plan/model";
import { INSIDE } from "../../components/plan/profile";
import { writeAuthorizedKeys } from "../../components/workstation/authorizedKeys";
import { handPlan } from "../support/handPlan";

describe("authorized keys on a daemon of this machine", () => {
  let state: string;
  beforeEach(() => (state = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-keys-"))));
  afterEach(() => fs.rmSync(state, { recursive: true, force: true }));

  const folder = (user: string) => path.join(state, "keys", user);
  const file = (user: string) => path.join(folder(user), "dev");
  function plan(keys: readonly string[]): WorkstationPlan {
    const made = handPlan({ stack: "unit", users: ["alice", "bob"] });
    return {
      ...made,
      environments: made.environments.map((one) => ({
        ...one,
        authorizedKeys: keys,
        profile: {
          ...one.profile,
          mounts: [
            ...one.profile.mounts,
            {
              kind: "bind",
              source: folder(one.user),
              target: INSIDE.authorizedKeys,
              readOnly: true,
            },
          ],
        },
      })),
    };
  }

  it("are a file for each user, which the user inside can read", () => {
    writeAuthorizedKeys(plan(["ssh-ed25519 A a", "ssh-ed25519 B b"]));
    expect(fs.readFileSync(file("alice"), "utf8")).toBe("ssh-ed25519 A a\nssh-ed25519 B b\n");
    expect(fs.statSync(file("bob")).mode & 0o777).toBe(0o644);
    expect(fs.readdirSync(folder("alice"))).toEqual(["dev"]);
  });

  it("can be read inside, whatever the umask of who runs this", () => {
    const before = process.umask(0o077);
    try {
      writeAuthorizedKeys(plan(["ssh-ed25519 A a"]));
    } finally {
      process.umask(before);
    }
    expect(fs.statSync(folder("alice")).mode & 0o777).toBe(0o755);
    expect(fs.statSync(file("alice")).mode & 0o777).toBe(0o644);
  });

  it("are replaced as a whole, in the same folder, so that a mount sees them", () => {
    writeAuthorizedKeys(plan(["ssh-ed25519 A a"]));
    const { ino } = fs.statSync(folder("alice"));
    writeAuthorizedKeys(plan(["ssh-ed25519 C c"]));
    expect(fs.readFileSync(file("alice"), "utf8")).toBe("ssh-ed25519 C c\n");
    expect(fs.statSync(folder("alice")).ino).toBe(ino);
  });

  it("stay untouched where nothing changed", () => {
    writeAuthorizedKeys(plan(["ssh-ed25519 A a"]));
    const { ino } = fs.statSync(file("alice"));
    writeAuthorizedKeys(plan(["ssh-ed25519 A a"]));
    expect(fs.statSync(file("alice")).ino).toBe(ino);
  });

  it("are taken away where a user has none left", () => {
    writeAuthorizedKeys(plan(["ssh-ed25519 A a"]));
    writeAuthorizedKeys(plan([]));
    expect(fs.readFileSync(file("alice"), "utf8")).toBe("");
  });

  it("are no files where no folder is mounted", () => {
    writeAuthorizedKeys(handPlan({ stack: "unit", users: ["alice"] }));
    expect(fs.readdirSync(state)).toEqual([]);
  });
});
