import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HostScene, type Decided, type User } from "../support/hostScene";
import { eventually } from "../support/processes";

/**
 * A GPU host without a GPU, from its first boot to its end: the user data, bundle and document that
 * would be deployed, under systemd with cloud-init and a Docker daemon of its own, with the real
 * environment image, real OpenSSH and Jupyter.
 *
 * The machine is a container: what it does not show is a kernel of its own, drivers, GPUs, EBS volumes
 * with their XFS quotas, and Ubuntu (it is Debian 12). AWS is a stand-in that checks session tokens and
 * that requests are signed, not the signatures.
 */

const EXAMPLE = "python /opt/gpudev/examples/mnist.py --data digits --device cpu --no-compile";
/** Long enough to be interrupted; the only checkpoint is the one that SIGTERM asks for. */
const ENDLESS = `${EXAMPLE} --steps 1000000 --checkpoint-every 1000000 --out ~/run`;

let scene: HostScene;
let made = false;

/** Waits for the verdict on a boot. */
async function readyAfterBoot(): Promise<string> {
  const said = await eventually("the host's verdict", () => scene.verdict(), 280_000);
  return said.words.join("\n");
}

/** Powers on; the host has to say anew how it is. */
async function bootAgain(): Promise<string> {
  scene.forgetVerdict();
  await scene.machine.boot();
  return readyAfterBoot();
}

/** Runs the association and kills it as soon as a condition holds; true: it was at work until then. */
async function killWhen(command: string, condition: string): Promise<boolean> {
  const ended = await scene.machine.try(
    `${command} >/dev/null & pid=$!
     until ${condition}; do kill -0 $pid 2>/dev/null || exit 3; done
     kill -9 $pid; wait $pid; [ $? = 137 ]`,
  );
  return ended.code === 0;
}

/** The steps that alice's training has logged. */
async function steps(): Promise<number[]> {
  const text = await scene.home("alice", "run/loss.jsonl");
  return text
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { step: number }).step);
}

const actionsOf = (said: readonly Decided[], user: User) =>
  said.filter((one) => one.user === user && one.action !== "none").map(({ action }) => action);

beforeAll(async () => {
  scene = await HostScene.make();
  made = true;
});

afterAll(async () => {
  if (made) await scene.close();
});

describe.sequential("a GPU host without a GPU", () => {
  it("boots, and cloud-init ends clean with the host's software in place", async () => {
    const { machine } = scene;
    await machine.boot();
    const status = await machine.try("cloud-init status --wait --long");
    expect(`${status.code} ${status.stdout}`).toMatch(/^0 (\n|\.)*status: done/);
    const result = JSON.parse(await machine.sh("cat /run/cloud-init/result.json")) as {
      v1: { errors: string[] };
    };
    expect(result.v1.errors).toEqual([]);
    expect(await machine.sh("readlink /opt/gpudev/current")).toBe(`releases/${scene.bundle}`);
    for (const unit of ["storage", "guard"]) {
      expect(await machine.sh(`systemctl is-active gpudevhost-${unit}`)).toBe("active");
    }
    expect(await machine.sh("systemctl --failed --no-legend --plain")).toBe("");
  });

  it("waits for its document, applies it, and says that it is ready", async () => {
    await scene.shareImage();
    const document = scene.document(["alice", "bob"]);
    scene.put(document);
    expect(await readyAfterBoot()).toBe("host-0 is ready: alice, bob can log in.");
    expect(scene.verdict()).toMatchObject({
      ...{ ready: true, state: "ready", document: document.version, bundle: scene.bundle },
    });
    const found = await scene.containers();
    expect([found.alice?.health, found.bob?.health]).toEqual(["healthy", "healthy"]);
    expect(await scene.running()).toEqual(["alice", "bob"]);
  });

  it("publishes what is needed to get in, and OpenSSH and Jupyter get in", async () => {
    expect(Object.keys(scene.parameters())).toEqual(
      ["alice", "bob"].flatMap((user) =>
        ["host-key", "instance", "token"].map((name) => `${user}/${name}`),
      ),
    );
    expect(await scene.ssh("alice").must("id -un; echo $HOME")).toBe("dev\n/home/dev");
    expect(await scene.ssh("bob").must("id -un")).toBe("dev");
    const stranger = scene.ssh("alice", scene.keys.get("bob"));
    expect((await stranger.exec("true")).stderr).toContain("Permission denied");
    const jupyter = await scene.jupyter("alice");
    const kernel = await jupyter.startKernel();
    expect((await kernel.execute("import torch; torch.ones(2, 3).sum().item()")).value).toBe("6.0");
    kernel.close();
    expect(await (await scene.jupyter("bob")).status("/api/status")).toBe(200);
  });

  it("keeps metadata from containers, and nothing but its rules does", async () => {
    const ask =
      "curl --silent --max-time 3 --output /dev/null --write-out %{http_code} http://169.254.169.254/latest/";
    const inside = () => scene.machine.try(`docker exec gpudev-team-alice ${ask}`);
    expect(await scene.machine.sh(ask)).toBe("401");
    expect((await inside()).stdout).toBe("000");
    await scene.machine.sh("iptables -D DOCKER-USER -d 169.254.169.254/32 -j DROP");
    expect((await inside()).stdout).toBe("401");
    // What stands in the document already: only the rule comes back.
    const before = await scene.containers();
    expect((await scene.sync(scene.document(["alice", "bob"]))).code).toBe(0);
    expect(await scene.containers()).toEqual(before);
    expect((await inside()).stdout).toBe("000");
  });

  it("adds a third user and touches nobody", async () => {
    const before = await scene.containers();
    const document = scene.document(["alice", "bob", "carol"]);
    scene.put(document);
    const ended = await scene.sync(document);
    expect([ended.code, ended.stdout]).toEqual([
      0,
      "host-0 is ready: alice, bob, carol can log in.\n",
    ]);
    const { carol, ...others } = await scene.containers();
    expect(others).toEqual(before);
    expect(carol?.health).toBe("healthy");
    await scene.ssh("carol").must("echo mine > ~/kept");
  });

  it("takes a new release of its own software, and a new key, without a restart", async () => {
    const before = await scene.containers();
    const old = scene.keys.get("bob");
    const fresh = scene.keys.get("new");
    if (old === undefined || fresh === undefined) throw new Error("keys are missing");
    scene.keys.set("bob", fresh);
    await scene.newBundle();
    const document = scene.document(["alice", "bob", "carol"]);
    scene.put(document);
    expect((await scene.sync(document)).code).toBe(0);
    expect(scene.verdict()?.bundle).toBe(scene.bundle);
    expect(await scene.containers()).toEqual(before);
    expect(await scene.ssh("bob").must("id -un")).toBe("dev");
    expect((await scene.ssh("bob", old).exec("true")).stderr).toContain("Permission denied");
  });

  it("refuses a corrupt document, stays as it was, and says so", async () => {
    const before = await scene.containers();
    const document = scene.document(["alice"]);
    const corruptions = {
      changed: (text: string) => text.replace("alice", "alicf"),
      "cut off": (text: string) => text.slice(0, text.length / 2),
    };
    for (const garble of Object.values(corruptions)) {
      scene.put(document, garble);
      const ended = await scene.sync(document);
      expect(ended.code).toBe(1);
      expect(ended.stdout).toContain("was refused, and the host stays as it was");
      expect(scene.verdict()).toMatchObject({ ready: false, state: "refused" });
      expect(await scene.containers()).toEqual(before);
    }
  });

  it("heals after being killed at any point of a change, with the others untouched", async () => {
    const { alice, bob } = await scene.containers();
    const document = scene.document(["alice", "bob", "dave"]);
    scene.put(document);
    const state = "/var/lib/gpudev";
    const moments = {
      "the newcomer's keys lie there": `[ -e ${state}/authorized_keys/dave/dev ]`,
      "the leaver's environment is being stopped": `! systemctl is-active --quiet gpudev-carol`,
      "the leaver's unit is gone": "[ ! -e /etc/systemd/system/gpudev-carol.service ]",
      "the newcomer is on record": `[ -e ${state}/environments/dave.json ]`,
      "the newcomer's container runs": "docker ps | grep -q gpudev-team-dave",
    };
    for (const [moment, condition] of Object.entries(moments)) {
      expect([moment, await killWhen(scene.syncCommand(document), condition)]).toEqual([
        moment,
        true,
      ]);
    }
    expect((await scene.sync(document)).stdout).toBe(
      "host-0 is ready: alice, bob, dave can log in.\n",
    );
    const after = await scene.containers();
    expect(Object.keys(after).toSorted()).toEqual(["alice", "bob", "dave"]);
    expect([after.alice, after.bob]).toEqual([alice, bob]);
    expect(await scene.machine.sh("ls /var/lib/gpudev/environments")).not.toContain("carol");
    expect(await scene.machine.sh("docker network ls")).not.toContain("carol");
  });

  it("tells work of a Spot interruption in time for it to be saved", async () => {
    await scene.ssh("alice").must(`tmux new-session -d -s train "${ENDLESS} >~/run.log 2>&1"`);
    await scene.ssh("alice").must("until [ -s ~/run/loss.jsonl ]; do sleep 0.1; done");
    const time = new Date(Date.now() + 120_000).toISOString().replace(/\.\d+/, "");
    scene.aws.metadata.set(
      "meta-data/spot/instance-action",
      JSON.stringify({ action: "stop", time }),
    );
    const spot = await eventually("everybody's work is saved", async () => {
      const said = (await scene.decisions()).filter(({ event }) => event === "spot");
      return said.at(-1)?.action === "saved" && said;
    });
    scene.aws.metadata.delete("meta-data/spot/instance-action");
    expect(spot.map(({ action }) => action)).toEqual(["stop", "stopped", "saved"]);
    const [noticed, , saved] = spot;
    process.stdout.write(
      `noticed ${120 - (noticed?.seconds ?? 0)} s after the notice, saved ${120 - (saved?.secondsLeft ?? 0)} s after it\n`,
    );
    expect(saved?.secondsLeft).toBeGreaterThan(0);
    expect(await scene.running()).toEqual([]);
    // Nor does systemd wait to start anybody again.
    const units = ["alice", "bob", "dave"].map((user) => `gpudev-${user}`).join(" ");
    const states = await eventually("the units have ended", async () => {
      const { stdout } = await scene.machine.try(`systemctl is-active ${units}`);
      return !stdout.includes("deactivating") && stdout;
    });
    expect(states).toMatch(/^((inactive|failed)\n){3}$/);
    expect(await scene.home("alice", "run.log")).toContain("told to stop: run again to go on");
  });

  it("comes back after a stop with homes and host keys, and the training goes on", async () => {
    const known = scene.parameters();
    const ran = "stat --format %Y /var/lib/cloud/instance/sem/config_scripts_user";
    const before = await scene.machine.sh(ran);
    await scene.machine.sh("systemctl poweroff");
    await scene.machine.down();
    expect(await bootAgain()).toBe("host-0 is ready: alice, bob, dave can log in.");
    const done = (await steps()).length;
    const resumed = await scene.ssh("alice").must(`${EXAMPLE} --steps ${done + 5} --out ~/run`);
    expect(resumed).toContain(`resumed at step ${done}`);
    expect(resumed).toContain(`done: ${done + 5} steps`);
    expect(await steps()).toEqual(Array.from({ length: done + 5 }, (_, index) => index));
    expect(await scene.ssh("bob").must("id -un")).toBe("dev");
    expect(await (await scene.jupyter("alice")).status("/api/status")).toBe(200);
    expect(scene.parameters()).toEqual(known);
    // User data ran at the first boot only.
    await scene.machine.sh("cloud-init status --wait");
    expect(await scene.machine.sh(ran)).toBe(before);
  });

  it("heals after a power cut in the middle of a change, and a home outlives its user's leave", async () => {
    const document = scene.document(["alice", "bob", "carol"]);
    scene.put(document);
    expect(
      await killWhen(scene.syncCommand(document), "docker ps | grep -q gpudev-team-carol"),
    ).toBe(true);
    await scene.machine.cutPower();
    expect(await bootAgain()).toBe("host-0 is ready: alice, bob, carol can log in.");
    expect(await scene.running()).toEqual(["alice", "bob", "carol"]);
    expect(await scene.ssh("carol").must("cat ~/kept")).toBe("mine");
    expect(await scene.machine.sh("systemctl --failed --no-legend --plain")).toBe("");
  });

  it("stops who is idle, keeps who asks to be kept, and then ends itself", async () => {
    await scene
      .ssh("bob")
      .must("date --iso-8601=seconds -d '+1 hour' > ~/.config/gpudev/keep-awake");
    const document = scene.document(["alice", "bob", "carol"], { idleStop: 30 });
    scene.put(document);
    expect((await scene.sync(document)).code).toBe(0);
    await eventually(
      "alice and carol are stopped",
      async () => (await scene.running()).join() === "bob",
      240_000,
    );
    expect((await scene.sync(document)).stdout).toMatch(
      /^host-0 is ready: bob can log in; stopped: alice \(idle for .*\), carol \(idle for .*\)\.\n$/,
    );
    expect((await scene.machine.try("gpudev-host start alice 2>/dev/null")).code).toBe(0);
    expect(await scene.running()).toEqual(["alice", "bob"]);
    await scene.machine.sh("rm /var/lib/gpudev/homes/bob/.config/gpudev/keep-awake");
    await scene.machine.down(280_000);

    const said = await scene.decisions();
    for (const user of ["alice", "bob", "carol"] as const) {
      const actions = actionsOf(said, user);
      expect([user, actions.at(-1)]).toEqual([user, "stop"]);
      expect(actions[actions.lastIndexOf("stop") - 1]).toBe("warn");
    }
    expect(said.at(-1)).toMatchObject({ event: "host", action: "power-off", kind: "all idle" });
    const unexplained = said.filter(({ event, reason }) => event !== "spot" && !reason);
    expect(unexplained).toEqual([]);
    expect(scene.verdict()?.idle?.host).toMatchObject({ action: "power-off", kind: "all idle" });
  });

  it("shuts down at the end date, whoever works, and homes stay", async () => {
    scene.put(scene.document(["alice", "bob"]));
    expect(await bootAgain()).toBe("host-0 is ready: alice, bob can log in.");
    await scene.ssh("alice").must(`tmux new-session -d -s train "${ENDLESS} >~/run.log 2>&1"`);
    const until = new Date(Date.now() + 20_000).toISOString();
    const document = scene.document(["alice", "bob"], { until });
    scene.put(document);
    expect((await scene.sync(document)).code).toBe(0);
    await scene.machine.down();
    const ends = (await scene.decisions()).filter(({ kind }) => kind === "end date");
    expect(ends.map(({ action }) => action)).toEqual(["end-warn", "power-off"]);
    expect(await scene.home("alice", "STOPPING-SOON.txt")).toContain("the stack ends in");
    expect(await scene.home("alice", "run.log")).toContain("told to stop: run again to go on");
    expect(await scene.home("carol", "kept")).toBe("mine\n");
  });
});
