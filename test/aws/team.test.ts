import { describe, expect, it } from "vitest";
import { TeamEnvironment } from "../../components/aws/teamEnvironment";
import { documentOf, hostOf } from "../../components/aws/teamParts";
import { makeAwsPlan } from "../../components/plan/aws/makeAwsPlan";
import type { AwsPlan } from "../../components/plan/aws/model";
import { account, awsSettings, exampleStack, recordAws } from "../plan/aws/world";
import { awsRegistered, ofType } from "../support/awsRegistered";

const bundle = { sha256: "b".repeat(64), file: __filename };
const USER_DATA = "#!/bin/bash\n# @BUCKET@ @PREFIX@ @REGION@ @HOST@ @BUNDLE@\n";

const asked = async (plan: AwsPlan, preview = false) => {
  const program = () => new TeamEnvironment("team", { plan, bundle, userData: USER_DATA }).hosts;
  return (await awsRegistered(program, preview)).asked;
};
const planOf = (stack: string) => makeAwsPlan(exampleStack(stack), account());
const shared = (users: number) =>
  makeAwsPlan(
    awsSettings(
      Array.from({ length: users }, (_, index) => `user${index}`),
      { hosts: { ladder: [{ type: "g6.48xlarge" }] } },
      { gpu: { perUser: 1 } },
    ),
    account(),
  );

describe.each(["team-vision", "research-a100", "solo-spot"])("the example stack %s", (stack) => {
  it("makes the same resources in a preview and for real", async () => {
    const plan = planOf(stack);
    const [before, after] = [await asked(plan, true), await asked(plan)];
    const names = (all: typeof before) => all.map(({ type, name }) => `${type} ${name}`).toSorted();
    expect(names(before)).toEqual(names(after));
  });

  it("is held by every control", async () => {
    const all = await asked(planOf(stack));
    const rules = ofType(all, "vpc/securityGroupIngressRule:SecurityGroupIngressRule");
    const intoHosts = rules.filter(
      ({ inputs }) => inputs["securityGroupId"] === "id-of-team-network-hosts",
    );
    expect(intoHosts).toEqual([]);
    for (const { inputs } of ofType(all, "ec2/instance:Instance")) {
      expect(inputs).toMatchObject({
        metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 },
        rootBlockDevice: { encrypted: true },
      });
      expect(inputs).not.toHaveProperty("keyName");
    }
    for (const { inputs, protect } of ofType(all, "ebs/volume:Volume")) {
      expect([inputs["encrypted"], inputs["finalSnapshot"], protect]).toEqual([true, true, true]);
    }
    for (const { inputs } of ofType(all, "ecr/repository:Repository")) {
      expect(inputs).toMatchObject({
        imageTagMutability: "IMMUTABLE_WITH_EXCLUSION",
        imageScanningConfiguration: { scanOnPush: true },
      });
    }
  });
});

describe("what one more person costs in resources", () => {
  it("is none on a host with a place left: ways in are there for every place of a host", async () => {
    const count = async (users: number) => (await asked(shared(users))).length;
    const [three, four] = [await count(3), await count(4)];
    expect(four - three).toBe(0);
    const [eight, nine, ten] = [await count(8), await count(9), await count(10)];
    expect(nine - eight).toBeGreaterThan(2);
    expect(ten - nine).toBe(0);
  });

  it("is one, the policy, where the person names a principal that can hold it", async () => {
    const people = ["ada", "bob"].map((name) => ({
      name,
      principal: `arn:aws:iam::111122223333:user/${name}`,
    }));
    const of = async (users: typeof people) => {
      const settings = awsSettings(users, { hosts: { ladder: [{ type: "g6.48xlarge" }] } });
      return (await asked(makeAwsPlan(settings, account()))).length;
    };
    expect((await of(people)) - (await of(people.slice(0, 1)))).toBe(1);
  });

  it("changes of a host only its document and its association", async () => {
    const inputs = async (users: number) =>
      new Map(
        (await asked(shared(users))).map(({ type, name, inputs }) => [
          `${type} ${name}`,
          JSON.stringify(inputs),
        ]),
      );
    const [before, after] = [await inputs(3), await inputs(4)];
    const changed = [...before].filter(([name, text]) => after.get(name) !== text);
    expect(changed.map(([name]) => name)).toEqual([
      "aws:s3/bucketObjectv2:BucketObjectv2 team-host-0-document",
      "aws:ssm/association:Association team-host-0-apply",
    ]);
  });
});

describe("homes on EFS", () => {
  const inputsOf = async (users: number) => {
    const plan = makeAwsPlan(
      awsSettings(
        Array.from({ length: users }, (_, index) => `user${index}`),
        { hosts: { ladder: [{ type: "g6.12xlarge" }] }, homes: { kind: "efs" } },
        { gpu: { perUser: 1 } },
      ),
      account(),
    );
    const all = await asked(plan);
    return new Map(all.map(({ type, name, inputs }) => [`${type} ${name}`, inputs]));
  };
  const policyOf = (all: Awaited<ReturnType<typeof inputsOf>>, host: string) =>
    all.get(`aws:iam/rolePolicy:RolePolicy team-${host}-policy`)?.["policy"] as string;

  it("are open to a host for the users on it alone", async () => {
    const all = await inputsOf(6);
    const points = (host: string) =>
      [...policyOf(all, host).matchAll(/team-homes-efs-(user\d)/g)].map(([, user]) => user);
    expect([points("host-0"), points("host-1")]).toEqual([
      ["user0", "user1", "user2", "user3"],
      ["user4", "user5"],
    ]);
  });

  it("change nothing of a host for a newcomer on another", async () => {
    const [before, after] = [await inputsOf(5), await inputsOf(6)];
    const changed = [...before]
      .filter(([name, inputs]) => JSON.stringify(after.get(name)) !== JSON.stringify(inputs))
      .map(([name]) => name);
    expect(changed.toSorted()).toEqual([
      "aws:iam/rolePolicy:RolePolicy team-host-1-policy",
      "aws:s3/bucketObjectv2:BucketObjectv2 team-host-1-document",
      "aws:ssm/association:Association team-host-1-apply",
    ]);
  });
});

describe("a host's user data", () => {
  it("is the same whoever sits on it, and names only where things are", async () => {
    const of = async (users: number) =>
      ofType(await asked(shared(users)), "ec2/instance:Instance")[0]?.inputs["userData"];
    expect(await of(1)).toBe(
      `#!/bin/bash\n# id-of-team-control-hosts  eu-west-1 host-0 ${"b".repeat(64)}\n`,
    );
    expect(await of(4)).toBe(await of(1));
  });
});

describe("what the plan alone decides of a host", () => {
  it("is its market, address and reservation", () => {
    const settings = awsSettings(["ada"], {
      hosts: { ladder: [{ type: "g6.xlarge", market: "spot" }] },
      access: { directFrom: ["203.0.113.0/24"] },
    });
    const plan = makeAwsPlan(settings, account());
    const [host] = plan.hosts;
    if (host === undefined) throw new Error("no host");
    expect(hostOf(plan, host)).toMatchObject({
      host: "host-0",
      spot: true,
      publicAddress: true,
      fixedAddress: true,
      tags: { "gpudev:stack-id": "7f3k2m", "gpudev:host": "0" },
      parameters: "/gpudev/7f3k2m/host-0",
    });
    expect(() => documentOf(plan, "host-9")).toThrow("the plan has no document for host-9");
  });
});

describe("data sets", () => {
  const data = [{ bucket: "sets", prefix: "imagenet/" }];
  const of = (users: readonly string[], aws: Record<string, unknown> = { data }) => {
    const hosts = { ladder: [{ type: "g6.12xlarge" }] };
    return asked(makeAwsPlan(awsSettings(users, { hosts, ...aws }), account()));
  };

  it("bring one role for the whole stack, which each host may lend and no host needs itself", async () => {
    const [few, many] = [await of(["ada"]), await of(["a", "b", "c", "d", "e"])];
    for (const all of [few, many]) {
      const roles = ofType(all, "iam/role:Role").map(({ name }) => name);
      expect(roles.filter((name) => name.startsWith("team-data"))).toEqual(["team-data-role"]);
    }
    const policies = ofType(many, "iam/rolePolicy:RolePolicy").filter(({ name }) =>
      /host-\d-policy/.test(name),
    );
    expect(policies).toHaveLength(2);
    for (const { inputs } of policies) {
      expect(inputs["policy"]).toContain(
        '{"Sid":"LendData","Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession"],"Resource":["arn:aws:iam::111122223333:role/',
      );
    }
    // By these tags the role knows who may lend it.
    for (const { name, inputs } of ofType(many, "iam/role:Role")) {
      if (!/host-\d-role/.test(name)) continue;
      expect(inputs["tags"]).toMatchObject({ "gpudev:stack-id": "7f3k2m" });
      expect(inputs["tags"]).toHaveProperty("gpudev:host");
    }
  });

  it("are what roles are lent for: without them there is none", async () => {
    const all = await of(["ada"], {});
    expect(ofType(all, "iam/role:Role").map(({ name }) => name)).not.toContain("team-data-role");
    expect(JSON.stringify(all)).not.toContain("sts:TagSession");
  });
});

describe("a stack past its end", () => {
  it("has no hosts and keeps homes", async () => {
    const recorded = recordAws(exampleStack("team-vision"), account());
    const plan = makeAwsPlan(recorded, account({ time: "2027-01-01T00:00:00.000Z" }));
    const all = await asked(plan);
    expect(ofType(all, "ec2/instance:Instance")).toEqual([]);
    expect(ofType(all, "scheduler/schedule:Schedule")).toEqual([]);
    expect(ofType(all, "ebs/volume:Volume").map(({ name }) => name)).toEqual([
      "team-homes-host-0",
      "team-homes-host-1",
    ]);
  });
});
