import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { docker, objectsOf } from "../support/docker";
import { Project } from "../support/gpudev";
import { makeKey, SshClient, type KeyPair } from "../support/ssh";

/** More than Docker's own address pools have networks for. */
const COUNT = 42;

let project: Project;
let keys: readonly KeyPair[];
const names = Array.from({ length: COUNT }, (_, n) => `seat${String(n).padStart(2, "0")}`);

beforeAll(async () => {
  project = await Project.create("e2e-many", 6);
  const made: KeyPair[] = [];
  for (const name of names) made.push(await makeKey(project.folder, name));
  keys = made;
  project.write({
    users: names.map((name, n) => ({ name, sshKeys: [keys[n]?.publicKey] })),
    services: { jupyter: false, ssh: true },
  });
  await project.up();
});

afterAll(() => project.cleanUp());

describe(`${COUNT} users on one machine`, () => {
  it("each have a container, a home and a network", async () => {
    expect(await objectsOf(project.stack)).toEqual({
      containers: names.map((name) => project.container(name)),
      networks: names.map((name) => project.container(name)),
      volumes: names.map((name) => project.home(name)),
    });
  });

  it("sit in subnets that do not overlap", async () => {
    const networks = names.map((name) => project.container(name));
    const subnets = await docker(
      ...["network", "inspect", "--format", "{{range .IPAM.Config}}{{.Subnet}}{{end}}"],
      ...networks,
    );
    const list = subnets.split("\n");
    expect(list.every((subnet) => subnet.endsWith("/29"))).toBe(true);
    expect(new Set(list).size).toBe(COUNT);
  });

  it("log in each with their own key", async () => {
    for (const [n, name] of names.entries()) {
      const own = new SshClient(project.container(name), project.sshConfig, keys[n]?.file);
      expect([name, await own.must("id -un")]).toEqual([name, "dev"]);
    }
    const stranger = new SshClient(project.container("seat41"), project.sshConfig, keys[0]?.file, [
      "-o",
      "IdentityAgent=none",
    ]);
    expect((await stranger.exec("true")).code).toBe(255);
  });
});
