import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDocument } from "yaml";
import {
  addUser,
  forgetSeat,
  newStackId,
  readStackConfig,
  recordSeats,
  removeUser,
  rosterOf,
  setValue,
  StackFileError,
} from "../../components/settings";

const FILE = `# the vision team
config:
  # where
  gpudev:target:   workstation   # one machine
  gpudev:users:
    - {name: ada,   sshKeys: ["ssh-ed25519 AAAA ada@x"]}   # the first


    - name: bob # with 'quotes'
      sshKeys:
        - "ssh-ed25519 AAAA bob@x"
  gpudev:seats:   # written by gpudev
    id:   7f3k2m
    ada: {slot: 0,  host: 0, devices: [0]} # at the window
  aws:region: eu-west-1 # not ours

encryptionsalt: v1:abc
`;

function refusal(action: () => unknown): StackFileError {
  try {
    action();
  } catch (problem) {
    if (problem instanceof StackFileError) return problem;
    throw problem;
  }
  throw new Error("nothing was refused");
}

const codes = (action: () => unknown) =>
  refusal(action).findings.map(
    ({ code, path, message, mend }) => `${code} ${path}: ${message} ${mend}`,
  );

describe("readStackConfig", () => {
  it("gives the flat map that Pulumi gives", () => {
    expect(
      readStackConfig(`
encryptionsalt: v1:abc
config:
  gpudev:target: workstation
  gpudev:team: 2024
  gpudev:image: {torch: "2.6", pip: [a, b], push: true, indexUrl: {secure: v1:xyz}}
  gpudev:docker:
  gpudev:secret: {secure: v1:xyz}
  users: team.csv
  aws:region: eu-west-1
`),
    ).toEqual({
      "gpudev:target": "workstation",
      "gpudev:team": "2024",
      "gpudev:image": '{"torch":"2.6","pip":["a","b"],"push":true,"indexUrl":"[encrypted]"}',
      "gpudev:docker": "",
      "gpudev:secret": "[encrypted]",
      "gpudev:users": "team.csv",
      "aws:region": "eu-west-1",
    });
  });

  it.each(["", "# nothing\n", "encryptionsalt: v1:abc\n", "config:\n"])(
    "takes %j as empty",
    (text) => {
      expect(readStackConfig(text)).toEqual({});
    },
  );

  it.each([
    ["config: [", "broken-yaml line 1"],
    ["config:\n  a: 1\n  a: 2\n", "broken-yaml line 3"],
    ["- a\n", "broken-yaml line 1"],
    ["config: 5\n", "broken-yaml config"],
  ])("refuses %j", (text, expected) => {
    const { findings } = refusal(() => readStackConfig(text));
    expect(findings.map(({ code, path }) => `${code} ${path}`)[0]).toBe(expected);
  });
});

describe("recordSeats", () => {
  it("gives back the same text where all is recorded", () => {
    const seats = { id: "7f3k2m", ada: { slot: 0, host: 0, devices: [0] } };
    expect(recordSeats(FILE, seats)).toBe(FILE);
    expect(recordSeats(FILE.replaceAll("\n", "\r\n"), seats)).toBe(FILE.replaceAll("\n", "\r\n"));
  });

  it("adds only the lines of new seats", () => {
    const seats = {
      id: "7f3k2m",
      bob: { slot: 1, host: 0, devices: [1, "GPU-2"] },
      cy: { slot: 2, host: 0 },
    };
    const next = recordSeats(FILE, seats);
    expect(next).toBe(
      FILE.replace(
        "# at the window\n",
        "# at the window\n    bob: {slot: 1, host: 0, devices: [1, GPU-2]}\n    cy: {slot: 2, host: 0}\n",
      ),
    );
    expect(recordSeats(next, seats)).toBe(next);
    expect(recordSeats(FILE.replaceAll("\n", "\r\n"), seats)).toBe(next.replaceAll("\n", "\r\n"));
  });

  it("changes a seat in place and keeps the comment behind it", () => {
    const next = recordSeats(FILE, { id: "7f3k2m", ada: { slot: 0, host: 0, devices: [3] } });
    expect(next).toBe(
      FILE.replace(
        "    ada: {slot: 0,  host: 0, devices: [0]} # at the window",
        "    ada: {slot: 0, host: 0, devices: [3]} # at the window",
      ),
    );
  });

  it("makes the record where there is none, below everything else", () => {
    const text = "config:\n  gpudev:target: workstation\n  # the end\n";
    expect(recordSeats(text, { id: "abcdefgh", ada: { slot: 0, host: 0 } })).toBe(
      `${text}  gpudev:seats:\n    id: abcdefgh\n    ada: { slot: 0, host: 0 }\n`,
    );
    expect(recordSeats("config:\n    a:b: 1\n    gpudev:seats: {}\n", { id: "abcdefgh" })).toBe(
      "config:\n    a:b: 1\n    gpudev:seats:\n        id: abcdefgh\n",
    );
    expect(recordSeats("", { id: "abcdefgh" })).toBe(
      "config:\n  gpudev:seats:\n    id: abcdefgh\n",
    );
  });

  it("keeps Pulumi's short spelling of a key", () => {
    expect(
      recordSeats("config:\n  seats:\n    id: abcdefgh\n", {
        id: "abcdefgh",
        ada: { slot: 0, host: 0 },
      }),
    ).toBe("config:\n  seats:\n    id: abcdefgh\n    ada: { slot: 0, host: 0 }\n");
  });

  const name = fc
    .stringMatching(/^[a-z_][a-z0-9_-]{0,30}$/)
    .filter((text) => !["id", "__proto__"].includes(text));
  const seat = fc.record({
    slot: fc.nat(65_535),
    host: fc.nat(3),
    devices: fc.array(fc.oneof(fc.nat(7), fc.constant("GPU-1a2b")), { minLength: 1, maxLength: 3 }),
  });

  it("records any seats so that they read back, with all else and every comment kept", () => {
    fc.assert(
      fc.property(fc.dictionary(name, seat, { maxKeys: 8 }), (seats) => {
        const record = { id: "7f3k2m", ...seats };
        const next = recordSeats(FILE, record);
        expect(recordSeats(next, record)).toBe(next);
        const before = parseDocument(FILE).toJS() as { config: Record<string, object> };
        const after = parseDocument(next).toJS() as { config: Record<string, object> };
        expect(after).toEqual({
          ...before,
          config: {
            ...before.config,
            "gpudev:seats": { ...before.config["gpudev:seats"], ...record },
          },
        });
        const kept = FILE.split("\n").filter((line) => !line.startsWith("    ada:"));
        const lines = next.split("\n");
        expect(kept.filter((line) => !lines.includes(line))).toEqual([]);
        expect(next.match(/#.*$/gm)).toEqual(FILE.match(/#.*$/gm));
      }),
    );
  });

  it("forgets what it recorded", () => {
    fc.assert(
      fc.property(name, seat, (user, value) => {
        fc.pre(user !== "ada");
        const next = recordSeats(FILE, { id: "7f3k2m", [user]: value });
        expect(forgetSeat(next, user)).toBe(FILE);
      }),
    );
  });
});

describe("forgetSeat", () => {
  it("takes out one seat with its line", () => {
    expect(forgetSeat(FILE, "ada")).toBe(FILE.replace(/ {4}ada: .*\n/, ""));
  });

  it("says which there are", () => {
    expect(codes(() => forgetSeat(FILE, "ida"))).toEqual([
      "unknown-seat gpudev:seats: No seat is recorded for `ida`. Did you mean `ada`?",
    ]);
    expect(codes(() => forgetSeat(FILE, "id"))[0]).toContain("No seat is recorded for `id`.");
    expect(codes(() => forgetSeat("config: {}\n", "ada"))).toEqual([
      "unknown-seat gpudev:seats: No seat is recorded for `ada`. Recorded are: none.",
    ]);
  });
});

describe("users of a stack file", () => {
  it("adds one at the end of the list", () => {
    const next = addUser(FILE, { name: "cy", sshKeys: ["ssh-ed25519 AAAA cy@x"], gpus: 1 });
    expect(next).toBe(
      FILE.replace(
        '        - "ssh-ed25519 AAAA bob@x"\n',
        '        - "ssh-ed25519 AAAA bob@x"\n    - {name: cy, sshKeys: ["ssh-ed25519 AAAA cy@x"], gpus: 1}\n',
      ),
    );
    expect(removeUser(next, "cy")).toBe(FILE);
  });

  it("takes one out with all its lines and leaves its seat", () => {
    expect(removeUser(FILE, "ada")).toBe(FILE.replace(/ {4}- \{name: ada.*\n\n\n/, ""));
    expect(removeUser(FILE, "bob")).toBe(FILE.replace(/\n\n {4}- name: bob[^]*bob@x"\n/, ""));
  });

  it("begins a list where there is none", () => {
    expect(addUser("config:\n  gpudev:target: workstation\n", { name: "ada" })).toBe(
      "config:\n  gpudev:target: workstation\n  gpudev:users:\n    - { name: ada }\n",
    );
  });

  it("refuses what cannot be done", () => {
    expect(codes(() => addUser(FILE, { name: "ada" }))).toEqual([
      "duplicate-user gpudev:users: There is a user `ada` already. Give the new one another name.",
    ]);
    expect(codes(() => removeUser(FILE, "bib"))).toEqual([
      "unknown-user gpudev:users: There is no user `bib`. Did you mean `bob`?",
    ]);
    expect(codes(() => addUser("config: {gpudev:users: {a: 1}}\n", { name: "ada" }))).toEqual([
      "wrong-type gpudev:users: `gpudev:users` is no list. Make it a list of users.",
    ]);
  });

  it("points to the roster file where the users are in one", () => {
    const text = "config:\n  gpudev:users: team.csv\n";
    expect(rosterOf(text)).toBe("team.csv");
    expect(rosterOf(FILE)).toBeUndefined();
    for (const action of [() => addUser(text, { name: "cy" }), () => removeUser(text, "cy")]) {
      expect(codes(action)).toEqual([
        "users-in-roster gpudev:users: The users of this stack are in the roster file team.csv. Change that file.",
      ]);
      expect(refusal(action).roster).toBe("team.csv");
    }
  });
});

describe("setValue", () => {
  it("sets, changes and keeps one value", () => {
    const next = setValue(FILE, ["gpudev:image", "torch"], "2.10");
    expect(next).toBe(
      FILE.replace(
        "  aws:region: eu-west-1 # not ours\n",
        '  aws:region: eu-west-1 # not ours\n  gpudev:image:\n    torch: "2.10"\n',
      ),
    );
    expect(setValue(next, ["gpudev:image", "torch"], "2.10")).toBe(next);
    expect(setValue(FILE, ["gpudev:target"], "aws")).toBe(
      FILE.replace(
        "  gpudev:target:   workstation   # one machine",
        "  gpudev:target: aws # one machine",
      ),
    );
  });
});

describe("newStackId", () => {
  it("is one that the settings take, and no YAML reader takes for a number", () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat(255)), (bytes) => {
        const id = newStackId((count) => Uint8Array.from(bytes.take(count)));
        expect(id).toMatch(/^[a-z][a-z2-9]{7}$/);
      }),
    );
  });
});
