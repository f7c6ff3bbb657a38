import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hostBundle } from "../../components/aws/hostBundle";
import { renderUserData } from "../../components/aws/userData";
import { packageRoot } from "../../components/lookups/paths";
import type { HostDraft } from "../../components/plan/aws/documentModel";
import { hostDocument, hostDocumentText } from "../../components/plan/aws/hostDocument";
import { makeAwsPlan } from "../../components/plan/aws/makeAwsPlan";
import { account, awsSettings } from "../plan/aws/world";
import { awsForHost, type AwsForHost } from "../support/awsForHost";
import { HostMachine } from "../support/hostMachine";
import { imageName } from "../support/image";
import { eventually, must, type Ended } from "../support/processes";
import { makeKey, SshClient, type KeyPair } from "../support/ssh";

const IMAGE = "gpudev-e2e/image:1";
const PREFIX = "bucket/team/7f3k2m";
const HOST = path.join(packageRoot(), "images", "host");

interface Verdict {
  readonly ready: boolean;
  readonly state: string;
  readonly document: string;
  readonly words: readonly string[];
}

let folder: string;
let aws: AwsForHost;
let machine: HostMachine;
let bundle: string;
const keys = new Map<string, KeyPair>();

/** The plan's own document for these users, on a machine without a GPU. */
function documentFor(users: readonly string[], changes: Partial<HostDraft> = {}) {
  const roster = users.map((name) => ({ name, sshKeys: [keys.get(name)?.publicKey] }));
  const seats = Object.fromEntries(
    ["alice", "bob", "carol", "dave"].map((name, slot) => [
      name,
      { slot, host: 0, devices: [slot] },
    ]),
  );
  const limits = { memory: "1GiB", cpus: 1, shm: "64MiB" };
  const settings = awsSettings(
    roster,
    { hosts: { ladder: [{ type: "g6.12xlarge", market: "on-demand" }] } },
    { seats: { id: "7f3k2m", ...seats }, gpu: { model: "L4", perUser: 1 }, limits },
  );
  const [draft] = makeAwsPlan(settings, account()).documents;
  if (draft === undefined) throw new Error("the plan has no host");
  return hostDocument(
    {
      ...draft,
      checks: { ...draft.checks, gpus: 0 },
      ...changes,
      environments: draft.environments.map((one) => ({
        ...one,
        devices: [],
        unit: one.unit.replace(/ --device nvidia\.com\/gpu=\S+| --ulimit memlock=\S+/g, ""),
      })),
    },
    { image: IMAGE },
  );
}

type Document = ReturnType<typeof documentFor>;

function put(document: Document | string): void {
  const text = typeof document === "string" ? document : hostDocumentText(document);
  aws.objects.set(`${PREFIX}/documents/host-0.json`, Buffer.from(text));
}

/** What the association runs. */
function sync(document: Document): Promise<Ended> {
  return machine.try(
    `gpudev-host sync --bundle ${bundle} --version ${document.version} 2>/dev/null`,
  );
}

function verdict(): Verdict | undefined {
  const found = aws.objects.get(`${PREFIX}/verdicts/host-0.json`);
  return found === undefined ? undefined : (JSON.parse(found.toString()) as Verdict);
}

/** Containers by user: which one it is and since when it runs. */
async function containers(): Promise<Record<string, string>> {
  const format = "{{.Name}} {{.Id}} {{.State.StartedAt}}";
  const lines = await machine.sh(
    `docker inspect --format '${format}' $(docker ps -q) 2>/dev/null || true`,
  );
  return Object.fromEntries(
    lines
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.split(" "))
      .map(([name = "", ...rest]) => [name.replace("/gpudev-team-", ""), rest.join(" ")]),
  );
}

/** A user's SSH client: by a tunnel to the port, and strict about the host key that the host published. */
function ssh(user: string, slot: number): SshClient {
  const config = path.join(folder, `${user}.config`);
  const known = path.join(folder, `${user}.known`);
  const key = aws.parameters.get(`/gpudev/7f3k2m/host-0/${user}/host-key`) ?? "none";
  fs.writeFileSync(known, `${user}.team ${key}\n`);
  fs.writeFileSync(
    config,
    [
      `Host ${user}.team`,
      "  User dev",
      `  HostKeyAlias ${user}.team`,
      `  UserKnownHostsFile ${known}`,
      `  ProxyCommand ${machine.tunnel(2222 + slot)}`,
      "",
    ].join("\n"),
  );
  return new SshClient(`${user}.team`, config, keys.get(user)?.file);
}

/** The status of a user's Jupyter server, with the token that the host published. */
function jupyter(user: string, slot: number): Promise<string> {
  const token = aws.parameters.get(`/gpudev/7f3k2m/host-0/${user}/token`) ?? "none";
  const header = `Authorization: token ${token}`;
  return machine.sh(
    `curl --silent --output /dev/null --write-out '%{http_code}' -H '${header}' http://127.0.0.1:${8888 + slot}/api/status`,
  );
}

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-host-e2e-"));
  for (const name of ["alice", "bob", "carol", "dave", "new"]) {
    keys.set(name, await makeKey(folder, name));
  }
  aws = await awsForHost();
  const built = await hostBundle(HOST);
  bundle = built.sha256;
  aws.objects.set(`${PREFIX}/bundle/${bundle}.tar.gz`, built.bytes);
  const template = fs.readFileSync(path.join(HOST, "user-data.sh"), "utf8");
  const values = { bucket: "bucket", prefix: "team/7f3k2m", region: "eu-west-1", host: "host-0" };
  machine = await HostMachine.make(aws.port, renderUserData(template, { ...values, bundle }));
});

afterAll(async () => {
  await machine.remove();
  await aws.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

describe.sequential("a GPU host without a GPU", () => {
  it("boots, and cloud-init ends clean with the host's software in place", async () => {
    await machine.boot();
    const status = await machine.try("cloud-init status --wait --long");
    expect(`${status.code} ${status.stdout}`).toMatch(/^0 (\n|\.)*status: done/);
    expect(await machine.sh("readlink /opt/gpudev/current")).toBe(`releases/${bundle}`);
    for (const unit of ["storage", "guard"]) {
      expect(await machine.sh(`systemctl is-active gpudevhost-${unit}`)).toBe("active");
    }
    const failed = await machine.sh("systemctl --failed --no-legend --plain");
    expect(failed).toBe("");
  });

  it("waits for its document, applies it, and says that it is ready", async () => {
    await machine.importSlim(imageName(), IMAGE);
    const document = documentFor(["alice", "bob"]);
    put(document);
    const said = await eventually("the host's verdict", verdict, 280_000);
    expect(said.words).toEqual(["host-0 is ready: alice, bob can log in."]);
    expect([said.ready, said.document]).toEqual([true, document.version]);
    expect(Object.keys(await containers()).toSorted()).toEqual(["alice", "bob"]);
  });

  it("publishes what is needed to get in, and OpenSSH and Jupyter get in", async () => {
    expect([...aws.parameters.keys()].toSorted()).toEqual(
      ["alice", "bob"].flatMap((user) =>
        ["host-key", "token"].map((name) => `/gpudev/7f3k2m/host-0/${user}/${name}`),
      ),
    );
    expect(await ssh("alice", 0).must("id -un; echo $HOME")).toBe("dev\n/home/dev");
    expect(await ssh("bob", 1).must("id -un")).toBe("dev");
    expect([await jupyter("alice", 0), await jupyter("bob", 1)]).toEqual(["200", "200"]);
    const stranger = new SshClient(
      "alice.team",
      path.join(folder, "alice.config"),
      keys.get("bob")?.file,
    );
    expect((await stranger.exec("true")).stderr).toContain("Permission denied");
  });

  it("keeps metadata from containers, and nothing but its rules does", async () => {
    const ask =
      "curl --silent --max-time 3 --output /dev/null --write-out %{http_code} http://169.254.169.254/latest/";
    const inside = () => machine.try(`docker exec gpudev-team-alice ${ask}`);
    expect(await machine.sh(ask)).toBe("401");
    expect((await inside()).stdout).toBe("000");
    await machine.sh("iptables -D DOCKER-USER -d 169.254.169.254/32 -j DROP");
    expect((await inside()).stdout).toBe("401");
    const before = await containers();
    expect((await sync(documentFor(["alice", "bob"]))).code).toBe(0);
    expect(await containers()).toEqual(before);
    expect((await inside()).stdout).toBe("000");
  });

  it("does nothing where there is nothing to do", async () => {
    const before = await containers();
    expect((await sync(documentFor(["alice", "bob"]))).code).toBe(0);
    expect(await containers()).toEqual(before);
  });

  it("adds a third user and touches nobody", async () => {
    const before = await containers();
    const document = documentFor(["alice", "bob", "carol"]);
    put(document);
    const ended = await sync(document);
    expect([ended.code, ended.stdout]).toEqual([
      0,
      "host-0 is ready: alice, bob, carol can log in.\n",
    ]);
    const after = await containers();
    expect({ alice: after["alice"], bob: after["bob"] }).toEqual(before);
    expect(await ssh("carol", 2).must("id -un")).toBe("dev");
  });

  it("takes a new key into force without a restart", async () => {
    const before = await containers();
    const own = keys.get("bob");
    const fresh = keys.get("new");
    if (own === undefined || fresh === undefined) throw new Error("keys are missing");
    keys.set("bob", fresh);
    const document = documentFor(["alice", "bob", "carol"]);
    put(document);
    expect((await sync(document)).code).toBe(0);
    expect(await containers()).toEqual(before);
    expect(await ssh("bob", 1).must("id -un")).toBe("dev");
    const old = new SshClient("bob.team", path.join(folder, "bob.config"), own.file);
    expect((await old.exec("true")).stderr).toContain("Permission denied");
  });

  it("refuses a corrupt document and stays as it was", async () => {
    const before = await containers();
    const document = documentFor(["alice"]);
    put(hostDocumentText(document).replace("alice", "alicf"));
    const ended = await sync(document);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toContain("was refused, and the host stays as it was");
    expect(verdict()?.state).toBe("refused");
    expect(await containers()).toEqual(before);
  });

  it("heals after being killed in the middle of a change, with the others untouched", async () => {
    const before = await containers();
    for (const [index, users] of [
      ["alice", "bob", "dave"],
      ["alice", "bob", "carol"],
    ].entries()) {
      const document = documentFor(users);
      put(document);
      for (const seconds of [0.4, 0.9, 1.4 + index]) {
        await machine.try(
          `timeout --signal KILL ${seconds} gpudev-host sync --bundle ${bundle} --version ${document.version}`,
        );
      }
      const ended = await sync(document);
      expect(ended.stdout).toBe(`host-0 is ready: ${users.join(", ")} can log in.\n`);
      const after = await containers();
      expect(Object.keys(after).toSorted()).toEqual(users);
      expect([after["alice"], after["bob"]]).toEqual([before["alice"], before["bob"]]);
    }
  });

  it("tells work of a Spot interruption in time for it to be saved", async () => {
    const alice = ssh("alice", 0);
    await alice.must(
      `setsid sh -c 'trap "echo step 7 > ~/checkpoint; exit" TERM; touch ~/working; while :; do sleep 0.1; done' >/dev/null 2>&1 & until [ -e ~/working ]; do sleep 0.1; done`,
    );
    const time = new Date(Date.now() + 120_000).toISOString().replace(/\.\d+/, "");
    aws.metadata.set("meta-data/spot/instance-action", JSON.stringify({ action: "stop", time }));
    await eventually("everybody's work is saved", async () =>
      (await machine.sh("cat /var/lib/gpudev/decisions.jsonl 2>/dev/null || true")).includes(
        '"action": "saved"',
      ),
    );
    expect(await containers()).toEqual({});
    expect(await machine.sh("cat /var/lib/gpudev/homes/alice/checkpoint")).toBe("step 7");
    aws.metadata.delete("meta-data/spot/instance-action");
  });

  it("comes back after a stop with homes and host keys, by the bucket's document", async () => {
    const known = new Map(aws.parameters);
    aws.objects.delete(`${PREFIX}/verdicts/host-0.json`);
    await machine.sh("systemctl poweroff");
    await eventually("the machine is down", async () => !(await machine.running()));
    await machine.boot();
    const said = await eventually("the host's verdict", verdict, 240_000);
    expect(said.words).toEqual(["host-0 is ready: alice, bob, carol can log in."]);
    expect(await ssh("alice", 0).must("cat ~/checkpoint")).toBe("step 7");
    expect(await ssh("bob", 1).must("id -un")).toBe("dev");
    expect(await jupyter("carol", 2)).toBe("200");
    expect(new Map(aws.parameters)).toEqual(known);
  });

  it("stops who is idle, keeps who asks to be kept, and then ends itself", async () => {
    await ssh("bob", 1).must("date --iso-8601=seconds -d '+1 hour' > ~/.config/gpudev/keep-awake");
    const draft = documentFor(["alice", "bob", "carol"]);
    const lifetime = { ...draft.lifetime, idleStop: 60 };
    const document = documentFor(["alice", "bob", "carol"], { lifetime });
    put(document);
    expect((await sync(document)).code).toBe(0);
    await eventually(
      "alice and carol are stopped",
      async () => Object.keys(await containers()).join() === "bob",
      240_000,
    );
    expect((await sync(document)).stdout).toMatch(
      /^host-0 is ready: bob can log in; stopped: alice \(idle for .*\), carol \(idle for .*\)\.\n$/,
    );
    expect((await machine.try("gpudev-host start alice 2>/dev/null")).code).toBe(0);
    expect(Object.keys(await containers()).toSorted()).toEqual(["alice", "bob"]);
    await machine.sh("rm /var/lib/gpudev/homes/bob/.config/gpudev/keep-awake");
    await eventually("the machine is down", async () => !(await machine.running()), 280_000);
    const log = await must("docker", [
      "cp",
      `${machine.name}:/var/lib/gpudev/decisions.jsonl`,
      "-",
    ]);
    const said = [...log.matchAll(/^[^{\n]*(\{.*\})$/gm)].map(
      (line) => JSON.parse(line[1] ?? "{}") as Record<string, string>,
    );
    const actions = said
      .filter(({ event, action }) => event !== "spot" && action !== "none" && action !== "unwarn")
      .map(({ user = "host", action }) => `${user} ${action}`);
    expect(actions.slice(0, 4).toSorted()).toEqual([
      "alice stop",
      "alice warn",
      "carol stop",
      "carol warn",
    ]);
    expect(actions.at(-1)).toBe("host power-off");
    expect(actions).toContain("bob stop");
    expect(said.every(({ event, reason }) => event === "spot" || reason !== "")).toBe(true);
  });
});
