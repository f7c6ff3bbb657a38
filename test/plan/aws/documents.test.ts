import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { HOST_SCHEMA, type HostDocument } from "../../../components/plan/aws/documentModel";
import {
  canonicalJson,
  hostDocument,
  hostDocumentText,
} from "../../../components/plan/aws/hostDocument";
import { makeAwsPlan } from "../../../components/plan/aws/makeAwsPlan";
import { parameterPath } from "../../../components/plan/aws/awsNames";
import { ed25519 } from "../../settings/keys";
import { settingsOfUnit, systemdReads } from "../render/systemdWords";
import { account, awsSettings, exampleStack, GIB, withAwsUsers } from "./world";

const IMAGE = `111122223333.dkr.ecr.eu-west-1.amazonaws.com/x@sha256:${"0".repeat(64)}`;
const KEY = ed25519();
const hosts = { ladder: [{ type: "g6.12xlarge" }] };
const SETTINGS = awsSettings([{ name: "ada", sshKeys: [KEY] }, "bob"], { hosts });

function documents(settings = SETTINGS, image = IMAGE): HostDocument[] {
  return makeAwsPlan(settings, account()).documents.map((draft) => hostDocument(draft, { image }));
}

function only(all: readonly HostDocument[]): HostDocument {
  const [first] = all;
  if (first === undefined) throw new Error("no document");
  return first;
}

describe("a host's document", () => {
  const document = only(documents());

  it("says everything that the host installs", () => {
    const { environments, version, ...rest } = document;
    expect(rest).toEqual({
      schema: "gpudev.host/1",
      stack: "team",
      id: "7f3k2m",
      host: "host-0",
      region: "eu-west-1",
      image: IMAGE,
      registry: "111122223333.dkr.ecr.eu-west-1.amazonaws.com",
      checks: { driverMin: "525.60.13", toolkitMin: "1.19.1", gpus: 4 },
      gpu: { sharing: "devices", modules: "open", fabricManager: false },
      homes: { kind: "volume" },
      parameters: "/gpudev/7f3k2m/host-0",
      lifetime: {
        idleStop: 2700,
        until: "2026-12-01T18:00:00+00:00",
        graceSeconds: 30,
        maxLease: 43_200,
      },
      data: [],
    });
    expect(version).toMatch(/^[0-9a-f]{64}$/);
    const [ada, bob] = environments;
    const { unit = "", ...alice } = ada ?? {};
    expect(alice).toEqual({
      user: "ada",
      slot: 0,
      container: "gpudev-team-ada",
      home: {
        path: "/var/lib/gpudev/homes/ada",
        quotaBytes: 100 * GIB,
        uid: 1000,
        gid: 1000,
      },
      unitName: "gpudev-ada.service",
      authorizedKeys: `${KEY}\n`,
      devices: ["0"],
      ports: { jupyter: 8888, ssh: 2222 },
    });
    expect([bob?.slot, bob?.devices, bob?.authorizedKeys]).toEqual([1, ["1"], ""]);
    const [start = ""] = settingsOfUnit(unit, "ExecStart");
    const words = systemdReads(start);
    expect(words.slice(words.indexOf(IMAGE))).toEqual([IMAGE, "jupyter", "ssh"]);
    expect(unit).not.toContain("@@");
  });

  it("has the hash of everything else as its version", () => {
    const { version, ...rest } = document;
    expect(createHash("sha256").update(canonicalJson(rest)).digest("hex")).toBe(version);
    const text = hostDocumentText(document);
    expect(JSON.parse(text)).toEqual(document);
    expect(document.schema).toBe(HOST_SCHEMA);
  });

  it("says where the host's own parameters stand", () => {
    expect(parameterPath("7f3k2m", 0, "ada", "token")).toBe(`${document.parameters}/ada/token`);
    expect(parameterPath("7f3k2m", 0, "ada", "host-key")).toBe(
      `${document.parameters}/ada/host-key`,
    );
  });

  it("logs in to ECR alone", () => {
    const registry = (image: string) => only(documents(SETTINGS, image)).registry;
    const digest = `@sha256:${"0".repeat(64)}`;
    expect(registry(`ghcr.io/x/y${digest}`)).toBeUndefined();
    expect(registry(`111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/x${digest}`)).toBe(
      "111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn",
    );
    expect(registry(`evil.example/111122223333.dkr.ecr.eu-west-1.amazonaws.com/x${digest}`)).toBe(
      undefined,
    );
  });

  it("holds no secret and no word of who else is on another host", () => {
    const users = ["ada", "bob", "carol", "dan", "zelda"];
    const [first, second] = documents(awsSettings(users, { hosts }));
    expect(JSON.stringify(first)).not.toContain("zelda");
    expect(JSON.stringify(second)).not.toContain("ada");
    expect(JSON.stringify([first, second])).not.toMatch(/token|secret|password|PRIVATE/i);
  });
});

describe("a change", () => {
  const users = ["ada", "bob", "carol", "dan", "eve"];
  const settings = awsSettings(users, { hosts });
  const versions = (changed = settings, image = IMAGE) =>
    documents(changed, image).map(({ version }) => version);
  const before = versions();

  it("of a key changes the document of its host alone", () => {
    const keyed = {
      ...settings,
      users: settings.users.map((user) =>
        user.name === "eve" ? { ...user, sshKeys: [KEY] } : user,
      ),
    };
    const after = versions(keyed);
    expect(after[0]).toBe(before[0]);
    expect(after[1]).not.toBe(before[1]);
  });

  it("of a key touches no unit", () => {
    const keyed = awsSettings([{ name: "ada", sshKeys: [ed25519()] }, "bob"], { hosts });
    const units = (from: typeof settings) =>
      documents(from).flatMap(({ environments }) => environments.map(({ unit }) => unit));
    expect(units(keyed)).toEqual(units(SETTINGS));
  });

  it("of the image changes all", () => {
    const after = versions(settings, IMAGE.replace("000", "111"));
    expect(after.every((version, index) => version !== before[index])).toBe(true);
  });

  it("of the roster's order alone changes nothing once seats are recorded", () => {
    const seats = makeAwsPlan(settings, account()).seats;
    const recorded = { ...settings, seats: { id: "7f3k2m", ...seats } } as typeof settings;
    expect(versions(withAwsUsers(recorded, users.toReversed()))).toEqual(before);
  });
});

describe("documents of other stacks", () => {
  it("of MIG say how GPUs are cut, and where NVSwitch is, that the fabric manager has to run", () => {
    const plan = makeAwsPlan(exampleStack("research-a100"), account({}, "us-east-1"));
    const efs = {
      fileSystem: "fs-0abc",
      accessPoints: { hedy: "fsap-1", katherine: "fsap-2", margaret: "fsap-3", left: "fsap-4" },
    };
    const document = only(
      plan.documents.map((draft) => hostDocument(draft, { image: IMAGE, efs })),
    );
    expect(document.gpu).toEqual({
      sharing: "mig",
      mig: { profile: "3g.20gb", slices: 2 },
      modules: "open",
      fabricManager: true,
    });
    expect(document.homes).toEqual({
      kind: "efs",
      fileSystem: "fs-0abc",
      accessPoints: { hedy: "fsap-1", katherine: "fsap-2", margaret: "fsap-3" },
    });
    expect(document.environments.map(({ devices }) => devices)).toEqual([
      ["0:0"],
      ["0:1"],
      ["1:0"],
    ]);
    expect(document.data).toEqual([
      {
        bucket: "research-imagenet-example",
        prefix: "train/",
        path: "/var/lib/gpudev/data/research-imagenet-example-train",
      },
    ]);
    const unit = document.environments[0]?.unit ?? "";
    expect(unit).toContain(
      "--mount type=bind,source=/var/lib/gpudev/data/research-imagenet-example-train,target=/data/research-imagenet-example-train,readonly",
    );
    expect(settingsOfUnit(unit, "RequiresMountsFor")).toEqual(["/var/lib/gpudev/homes/hedy"]);
    // Lent credentials: a folder in the host's memory, and in the environment only where it is.
    expect(unit).toContain(
      "--mount type=bind,source=/run/gpudev/credentials/hedy,target=/etc/gpudev/aws,readonly",
    );
    expect(unit).toContain("--env AWS_CONFIG_FILE=/etc/gpudev/aws/config");
    expect(unit).not.toMatch(/AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)/);
  });

  it("name the role whose credentials are lent, where there is one", () => {
    const [draft] = makeAwsPlan(SETTINGS, account()).documents;
    if (draft === undefined) throw new Error("no document");
    const dataRole = "arn:aws:iam::111122223333:role/gpudev-data-1";
    expect(hostDocument(draft, { image: IMAGE, dataRole }).credentials).toEqual({
      roleArn: dataRole,
    });
    expect(hostDocument(draft, { image: IMAGE })).not.toHaveProperty("credentials");
    expect(draft.environments[0]?.unit).not.toContain("AWS_CONFIG_FILE");
  });
});

describe("canonical JSON", () => {
  it.each([
    [{ b: 1, a: [true, null, "x"] }, '{"a":[true,null,"x"],"b":1}'],
    [{ a: undefined, b: {} }, '{"b":{}}'],
    [{ ä: "ü\n" }, '{"ä":"ü\\n"}'],
  ])("of %j is %s", (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });
});
