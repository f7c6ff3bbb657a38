import { execFileSync } from "node:child_process";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../../components/lookups/paths";
import { hostDocument, hostDocumentText } from "../../components/plan/aws/hostDocument";
import { makeAwsPlan } from "../../components/plan/aws/makeAwsPlan";
import type { AwsStack } from "../../components/plan/aws/stack";
import { account, awsSettings, exampleStack } from "../plan/aws/world";

const IMAGE = `111122223333.dkr.ecr.eu-west-1.amazonaws.com/gpudev/team@sha256:${"0".repeat(64)}`;

/** Reads documents with the host's own reader, and gives back what it understood or why it refused. */
const READ = `
import dataclasses, json, sys
from gpudev_host.document import parse
from gpudev_host.errors import Refused
answers = []
for one in json.load(sys.stdin):
    try:
        answers.append(dataclasses.asdict(parse(one["text"].encode(), one["host"])))
    except Refused as error:
        answers.append({"problems": error.problems})
json.dump(answers, sys.stdout)`;

interface Understood {
  readonly problems?: readonly string[];
  readonly version: string;
  readonly registry: string | null;
  readonly environments: readonly { readonly user: string; readonly unit: string }[];
}

function readByHost(texts: readonly { host: string; text: string }[]): Understood[] {
  const answer = execFileSync("python3", ["-B", "-c", READ], {
    input: JSON.stringify(texts),
    env: { ...process.env, PYTHONPATH: path.join(packageRoot(), "images", "host") },
    maxBuffer: 2 ** 28,
  });
  return JSON.parse(answer.toString()) as Understood[];
}

function documentsOf(settings: AwsStack) {
  const plan = makeAwsPlan(settings, account({}, settings.aws.region));
  expect(plan.documents.length).toBeGreaterThan(0);
  const points = Object.fromEntries(plan.environments.map(({ user }) => [user, `fsap-${user}`]));
  const efs = { fileSystem: "fs-0123456789abcdef0", accessPoints: points };
  return plan.documents.map((draft) =>
    hostDocument(draft, {
      image: IMAGE,
      ...(plan.data.length > 0 ? { dataRole: "arn:aws:iam::111122223333:role/gpudev-data-1" } : {}),
      ...(settings.aws.homes.kind === "efs" ? { efs } : {}),
    }),
  );
}

describe("documents as the plan renders them are accepted by the host", () => {
  const direct = { access: { directFrom: ["203.0.113.0/24"] } };
  const data = { data: [{ bucket: "sets", prefix: "dt=2024/" }, { bucket: "models.example" }] };
  const stacks: readonly (readonly [string, AwsStack])[] = [
    ["team-vision", exampleStack("team-vision")],
    ["research-a100", exampleStack("research-a100")],
    ["solo-spot", exampleStack("solo-spot")],
    ["direct access by a private CA", awsSettings(["ada", "bob"], direct)],
    [
      "direct access by a domain",
      awsSettings(["ada"], { access: { ...direct.access, domain: "gpu.example.com" } }),
    ],
    ["data sets", awsSettings(["ada", "under_score", "x-1"], data)],
    ["homes on EFS", awsSettings(["ada", "bob"], { homes: { kind: "efs" } })],
    ["Jupyter alone", awsSettings(["ada"], {}, { services: { jupyter: true, ssh: false } })],
  ];

  it.each(stacks)("%s", (_, settings) => {
    const documents = documentsOf(settings);
    const read = readByHost(
      documents.map((one) => ({ host: one.host, text: hostDocumentText(one) })),
    );
    expect(read.flatMap(({ problems }) => problems ?? [])).toEqual([]);
    for (const [index, understood] of read.entries()) {
      const sent = documents[index];
      expect(understood.version).toBe(sent?.version);
      expect(understood.registry).toBe("111122223333.dkr.ecr.eu-west-1.amazonaws.com");
      expect(understood.environments.map(({ user, unit }) => [user, unit])).toEqual(
        sent?.environments.map(({ user, unit }) => [user, unit]),
      );
    }
  });

  it("and refused once a letter of them changes", () => {
    const [document] = documentsOf(awsSettings(["ada"]));
    const text = document === undefined ? "" : hostDocumentText(document);
    const changed = ["ada", "jupyter", "127.0.0.1", "sha256:0"].map((word) => {
      expect(text).toContain(word);
      return { host: "host-0", text: text.replace(word, `${word.slice(0, -1)}~`) };
    });
    for (const { problems } of readByHost(changed)) {
      expect(problems).toEqual([expect.stringContaining("does not match its own version hash")]);
    }
  });
});
