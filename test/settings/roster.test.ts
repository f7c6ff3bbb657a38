import { describe, expect, it } from "vitest";
import {
  addRosterRow,
  parseSettings,
  removeRosterRow,
  StackFileError,
} from "../../components/settings";
import { ed25519, rsa } from "./keys";

const ADA = ed25519("ada@laptop");
const BOB = ed25519("bob@laptop");
const SPARE = ed25519("spare");

function read(csv: string) {
  return parseSettings({
    stack: "demo",
    config: { "gpudev:target": "workstation", "gpudev:users": "team.csv" },
    readFile: () => csv,
  });
}

const brief = (csv: string) =>
  read(csv).findings.map(({ path, message, mend }) => `${path}: ${message} ${mend}`);

function refusal(action: () => unknown): string[] {
  try {
    action();
  } catch (problem) {
    if (problem instanceof StackFileError)
      return problem.findings.map(({ code, message, mend }) => `${code}: ${message} ${mend}`);
    throw problem;
  }
  throw new Error("nothing was refused");
}

describe("a roster", () => {
  it("gives the users that a list would", () => {
    const { settings, findings } = read(
      `\uFEFFname, sshKeys ,gpus,profile\r\nada,${ADA},2,\r\nbob,"${BOB};\r\n${SPARE}",0;1,\r\n\r\n,,,\r\ncy,${ed25519()},none,\r\ndi,${ed25519()},1;,\r\nedi,${ed25519()},GPU-1a-2b,\r\n`,
    );
    expect(findings).toEqual([]);
    expect(settings?.users.map(({ name, gpus }) => [name, gpus])).toEqual([
      ["ada", 2],
      ["bob", [0, 1]],
      ["cy", "none"],
      ["di", [1]],
      ["edi", ["GPU-1a-2b"]],
    ]);
    expect(settings?.users[1]?.sshKeys).toEqual([BOB, SPARE]);
    expect(settings?.userPaths).toEqual({
      ada: "gpudev:users[team.csv:2]",
      bob: "gpudev:users[team.csv:3]",
      cy: "gpudev:users[team.csv:7]",
      di: "gpudev:users[team.csv:8]",
      edi: "gpudev:users[team.csv:9]",
    });
  });

  it("names every bad row by its line", () => {
    const csv = [
      "name,sshKeys,gpus,profile",
      `Ada,${ADA},,`,
      `bob,"${BOB};`,
      `${rsa(2048)}",lots,`,
      `bob,${SPARE},1,`,
      `cy,${ed25519()},,huge,`,
      `di,${ed25519()},,huge`,
      "edi,,,",
    ].join("\n");
    expect(brief(csv)).toEqual([
      "gpudev:users[team.csv:6]: This row has 5 cells, and the roster has 4 columns. Separate several keys by `;`, and put a cell with a comma in quotes.",
      'gpudev:users[team.csv:2].name: "Ada" is no Linux user name. Begin with a small letter, go on with small letters, digits, - or _, 31 characters at most.',
      'gpudev:users[team.csv:3].gpus: "lots" is no GPU request. Give a count, none, auto, or a list of device indexes or UUIDs such as [0, 1].',
      "gpudev:users[team.csv:3].sshKeys[1]: bob: This is an RSA key of 2048 bits; 3072 is the least. Make a pair with `ssh-keygen -t ed25519` and give the line of its .pub file.",
      "gpudev:users[team.csv:5].name: There are two users with the name `bob`; the other is gpudev:users[team.csv:3]. Give one of them another name, or take one out.",
      "gpudev:users[team.csv:7].profile: There is no profile `huge`. Add it to `gpudev:profiles`.",
      "gpudev:users[team.csv:8].sshKeys: edi has no SSH key: Jupyter works, logging in by SSH does not. Add a public key, such as the line in ~/.ssh/id_ed25519.pub.",
    ]);
  });

  it.each([
    [
      "",
      [
        "gpudev:users[team.csv:1]: The roster is empty. Begin it with the line `name,sshKeys`, then one line for each user.",
      ],
    ],
    [
      "nmae,sshKeys\nada,x",
      [
        "gpudev:users[team.csv:1]: There is no roster column `nmae`. Did you mean `name`?",
        "gpudev:users[team.csv:1]: The roster has no column `name`. Begin the file with the line `name,sshKeys`, or `name,sshKeys,gpus,profile`.",
      ],
    ],
    [
      "name,sshKeys,office,name\nada,x,1,ada",
      [
        "gpudev:users[team.csv:1]: There is no roster column `office`. Use these columns: name, sshKeys, gpus, profile.",
        "gpudev:users[team.csv:1]: The column `name` is there twice. Keep one of them.",
      ],
    ],
    [
      'name,sshKeys\nada,"open\nbob,x\n',
      [
        'gpudev:users[team.csv:2]: The roster is no CSV file from this line on: a quote is open or stands in the wrong place. Put a cell with commas, quotes or line breaks in quotes, and write a quote inside it twice: "".',
      ],
    ],
  ])("says what is wrong with the file %j", (csv, expected) => {
    expect(brief(csv)).toEqual(expected);
  });
});

describe("a roster edit", () => {
  const csv = `name,sshKeys,gpus,profile\n# ada is here\nada,"${ADA};\n${SPARE}",,\nbob,${BOB},1,\n`;

  it("adds a row that reads as the user, and changes nothing else", () => {
    const added = addRosterRow(csv, { name: "cy", sshKeys: [SPARE, 'ssh "x", y'], gpus: [3] });
    expect(added).toBe(`${csv}cy,"${SPARE};ssh ""x"", y",3;,\n`);
    expect(addRosterRow("", { name: "cy", sshKeys: [SPARE] })).toBe(`name,sshKeys\ncy,${SPARE}\n`);
    expect(addRosterRow("sshKeys,name\r\nx,ada", { name: "cy" })).toBe(
      "sshKeys,name\r\nx,ada\r\n,cy\r\n",
    );
    expect(
      read(addRosterRow("name,sshKeys,gpus\n", { name: "cy", gpus: "none" })).settings?.users,
    ).toEqual([{ name: "cy", sshKeys: [], gpus: "none" }]);
  });

  it("takes out a row with all its lines, and changes nothing else", () => {
    expect(removeRosterRow(csv, "ada")).toBe(
      `name,sshKeys,gpus,profile\n# ada is here\nbob,${BOB},1,\n`,
    );
    expect(removeRosterRow(csv, "bob")).toBe(csv.slice(0, csv.indexOf("bob")));
    expect(removeRosterRow(addRosterRow(csv, { name: "cy" }), "cy")).toBe(csv);
  });

  it("refuses what cannot be done", () => {
    expect(refusal(() => addRosterRow(csv, { name: "bob" }))).toEqual([
      "duplicate-user: There is a user `bob` already. Give the new one another name.",
    ]);
    expect(refusal(() => removeRosterRow(csv, "bib"))).toEqual([
      "unknown-user: There is no user `bib`. Did you mean `bob`?",
    ]);
    expect(
      refusal(() => addRosterRow("name,sshKeys\n", { name: "cy", gpus: 2, memory: "4GiB" })),
    ).toEqual([
      "roster-column: The roster has no column for `gpus`. Add `gpus` to its first line.",
      "roster-column: The roster has no column for `memory`. Make a profile with it, and name that in the column `profile`.",
    ]);
    expect(refusal(() => addRosterRow("who\nada\n", { name: "cy" }))).toHaveLength(3);
  });
});
