import { describe, expect, it } from "vitest";
import { awsEndpoints, sshConfig } from "../../components/endpoints";
import { makeAwsPlan } from "../../components/plan/aws/makeAwsPlan";
import type { AwsPlan } from "../../components/plan/aws/model";
import { account, awsSettings } from "../plan/aws/world";

const HOSTS = { "host-0": { instanceId: "i-1", address: "203.0.113.10" } };
const planOf = (aws: Record<string, unknown> = {}, rest: Record<string, unknown> = {}) =>
  makeAwsPlan(
    awsSettings(["ada", "bob"], { hosts: { ladder: [{ type: "g6.12xlarge" }] }, ...aws }, rest),
    account(),
  );
const SESSION = "aws ssm start-session --region eu-west-1 --target i-1 --document-name";
const proxy = (user: string, slot: number) =>
  `sh -c 't=$(aws ssm get-parameter --region eu-west-1 --name /gpudev/7f3k2m/host-0/${user}/instance --with-decryption --query Parameter.Value --output text) && exec aws ssm start-session --region eu-west-1 --target "$t" --document-name gpudev-team-7f3k2m-ssh-${slot}'`;

describe("how users of a stack on EC2 get in", () => {
  it("is by SSM sessions with the port fixed: a tunnel for Jupyter, a proxy command for SSH", () => {
    const [, bob] = awsEndpoints(planOf(), HOSTS);
    expect(bob).toEqual({
      user: "bob",
      environment: "gpudev-team-bob",
      jupyter: "http://127.0.0.1:8889/lab",
      ssh: {
        host: "i-1",
        port: 2223,
        user: "dev",
        alias: "gpudev-team-bob",
        proxyCommand: proxy("bob", 1),
      },
      tunnel: `${SESSION} gpudev-team-7f3k2m-jupyter-1 --parameters localPortNumber=8889`,
      devices: ["1"],
      pricePerHour: bob?.pricePerHour,
    });
    expect(bob?.pricePerHour).toBeGreaterThan(0);
  });

  it("is by the host's address from ranges that settings name, with Jupyter behind https", () => {
    const [ada] = awsEndpoints(planOf({ access: { directFrom: ["198.51.100.0/24"] } }), HOSTS);
    expect(ada).toMatchObject({
      jupyter: "https://203.0.113.10:10443/lab",
      ssh: { host: "203.0.113.10", port: 2222 },
    });
    expect(ada).not.toHaveProperty("tunnel");
    expect(ada?.ssh).not.toHaveProperty("proxyCommand");
  });

  it("or by the host's name, where there is a domain", () => {
    const access = { directFrom: ["198.51.100.0/24"], domain: "gpu.example.com" };
    const [ada] = awsEndpoints(planOf({ access }), HOSTS);
    expect(ada).toMatchObject({
      jupyter: "https://host-0.gpu.example.com:10443/lab",
      ssh: { host: "host-0.gpu.example.com" },
    });
  });

  it("leaves a service out that is off", () => {
    const [ada] = awsEndpoints(planOf({}, { services: { ssh: false } }), HOSTS);
    expect(ada).not.toHaveProperty("ssh");
    expect(ada?.jupyter).toBe("http://127.0.0.1:8888/lab");
  });

  it("is not told for a host that is not there", () => {
    expect(awsEndpoints(planOf(), {})).toEqual([]);
  });

  it("makes plain ssh work by name", () => {
    const text = sshConfig(awsEndpoints(planOf(), HOSTS), { knownHostsFile: "/home/x/known" });
    expect(text).toContain("Host gpudev-team-ada\n  HostName i-1\n  Port 2222\n  User dev\n");
    expect(text).toContain(`  ProxyCommand ${proxy("ada", 0)}\n`);
  });
});

/** The list, which tells each time that one of its elements is read. */
function counted<T>(list: readonly T[], read: () => void): readonly T[] {
  return new Proxy(list, {
    get(target, key, receiver) {
      if (typeof key === "string" && /^\d+$/.test(key)) read();
      return Reflect.get(target, key, receiver) as unknown;
    },
  });
}

/** How many elements of a plan's lists are read for the endpoints of so many users. */
function readsFor(count: number): number {
  const users = Array.from({ length: count }, (_, index) => `user${index}`);
  const plan = makeAwsPlan(
    awsSettings(users, {
      hosts: { ladder: [{ type: "g6.12xlarge" }] },
      access: { directFrom: ["198.51.100.0/24"] },
    }),
    account({ quotas: {} }),
  );
  let reads = 0;
  const read = () => (reads += 1);
  const watched: AwsPlan = {
    ...plan,
    hosts: counted(plan.hosts, read),
    environments: counted(plan.environments, read),
    documents: plan.documents.map((document) =>
      document.direct === undefined
        ? document
        : {
            ...document,
            direct: { ...document.direct, sites: counted(document.direct.sites, read) },
          },
    ),
    access: { ...plan.access, documents: counted(plan.access.documents, read) },
  };
  const hosts = Object.fromEntries(
    plan.hosts.map(({ name }) => [name, { instanceId: `i-${name}`, address: "203.0.113.1" }]),
  );
  expect(
    awsEndpoints({ ...watched, documents: counted(watched.documents, read) }, hosts),
  ).toHaveLength(count);
  return reads;
}

describe("the ways in of many users", () => {
  it("read what is planned once, so that ten times the users are ten times the work", () => {
    const [few, many] = [readsFor(200), readsFor(2000)];
    // A look through a list for each user would make this a hundred.
    expect(many / few).toBeLessThan(11);
  });
});
