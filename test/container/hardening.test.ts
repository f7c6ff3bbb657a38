import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { address, docker, inside, insideMust, inspect } from "../support/docker";
import { Project } from "../support/gpudev";
import { accepts, eventually, must, run } from "../support/processes";
import { makeKey, SshClient } from "../support/ssh";

const MEMORY = 2 * 2 ** 30;
const SHM = 256 * 2 ** 20;
const PIDS = 300;

let project: Project;
let alice: string;
let bob: string;
let ssh: SshClient;
/** The secrets of this stack, which must be nowhere but in the homes. */
let secrets: { readonly token: string; readonly hostKey: readonly string[] };
/** Everything that `up` printed. */
let printed: string;

beforeAll(async () => {
  project = await Project.create("e2e-hardening", 2);
  const key = await makeKey(project.folder, "key");
  project.write({
    users: [
      { name: "alice", sshKeys: [key.publicKey] },
      { name: "bob", sshKeys: [key.publicKey] },
    ],
    limits: { memory: "2GiB", shm: "256MiB", pids: PIDS, cpus: 1.5 },
  });
  const up = await project.gpudev("up", "--yes");
  expect(up.code, up.stdout + up.stderr).toBe(0);
  printed = up.stdout + up.stderr;
  alice = project.container("alice");
  bob = project.container("bob");
  ssh = new SshClient(alice, project.sshConfig, key.file);
  secrets = {
    token: await insideMust(alice, "cat ~/.config/gpudev/jupyter-token"),
    // The base64 lines of the private key; the first ones only name the format.
    hostKey: (await insideMust(alice, "cat ~/.config/gpudev/ssh/ssh_host_ed25519_key"))
      .split("\n")
      .slice(2, -1),
  };
});

afterAll(() => project.cleanUp());

/** Which of the secrets a text holds. */
function leaks(text: string): string[] {
  return [secrets.token, ...secrets.hostKey].filter((secret) => text.includes(secret));
}

describe("who one is inside", () => {
  it("is uid 1000 with no capability, no new privileges and seccomp, in every process", async () => {
    await ssh.must("true");
    const table = await insideMust(
      alice,
      `for p in /proc/[0-9]*/status; do
         awk '/^(Uid|Gid|CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):/ { $1 = $1; printf "%s;", $0 } END { print "" }' $p
       done | sort -u`,
    );
    const zero = "0".repeat(16);
    const expected = [
      "Uid: 1000 1000 1000 1000",
      "Gid: 1000 1000 1000 1000",
      ...["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map((name) => `${name}: ${zero}`),
      "NoNewPrivs: 1",
      "Seccomp: 2",
    ];
    expect(table).toBe(`${expected.join(";")};`);
  });

  it("is the same in an SSH session", async () => {
    const lines = await ssh.must(
      "id -u; grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/self/status",
    );
    expect(lines.split(/\s+/)).toEqual([
      "1000",
      "CapEff:",
      "0".repeat(16),
      "NoNewPrivs:",
      "1",
      "Seccomp:",
      "2",
    ]);
  });

  it("has no sudo and no file that would raise rights", async () => {
    expect((await inside(alice, "command -v sudo")).code).toBe(1);
    expect(await insideMust(alice, "find / -xdev -type f -perm /6000 2>/dev/null || true")).toBe(
      "",
    );
  });

  it("writes nothing outside its home, mounts and tmpfs", async () => {
    for (const folder of ["/", "/etc", "/usr/bin", "/opt/venv/bin", "/opt/gpudev", "/var"]) {
      const result = await inside(alice, `touch ${folder}/probe`);
      expect([folder, result.code]).toEqual([folder, 1]);
      expect(result.stderr).toMatch(/Read-only file system|Permission denied/);
    }
    const root = await insideMust(alice, "awk '$2 == \"/\" { print $4 }' /proc/mounts");
    expect(root.split(",")).toContain("ro");
    expect(
      await insideMust(alice, "touch ~/probe /tmp/probe && rm ~/probe /tmp/probe && echo ok"),
    ).toBe("ok");
  });

  it("mounts its tmpfs without setuid and devices", async () => {
    const mounts = await insideMust(
      alice,
      'awk \'$2 == "/tmp" || $2 == "/run" { print $2, $4 }\' /proc/mounts',
    );
    const lines = mounts.split("\n");
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(line).toContain("nosuid");
      expect(line).toContain("nodev");
    }
    expect(lines.find((line) => line.startsWith("/tmp"))).not.toContain("noexec");
  });

  it("cannot change what decides who may log in", async () => {
    const result = await inside(alice, "echo x >> /etc/gpudev/authorized_keys.d/dev");
    expect(result.code).not.toBe(0);
  });

  it("sees nothing of Docker", async () => {
    expect(
      await insideMust(alice, "ls /var/run/docker.sock /run/docker.sock 2>/dev/null | wc -l"),
    ).toBe("0");
  });
});

describe("other people", () => {
  /** Which of the two services answer at an address, seen from inside a container. */
  async function reachable(
    from: string,
    host: string,
    ports: readonly number[],
  ): Promise<number[]> {
    const program = `
import socket
for port in ${JSON.stringify(ports)}:
    try:
        socket.create_connection(("${host}", port), timeout=3).close()
        print(port)
    except OSError:
        pass
`;
    const found = await insideMust(from, `python3 - <<'PROGRAM'\n${program}\nPROGRAM`);
    return found.split("\n").filter(Boolean).map(Number);
  }

  it("cannot be reached by their containers' addresses", async () => {
    const [toAlice, toBob] = [await address(alice), await address(bob)];
    // The services do listen there: their own container reaches them.
    expect(await reachable(bob, toBob, [8888, 2222])).toEqual([8888, 2222]);
    expect(await reachable(alice, toBob, [8888, 2222])).toEqual([]);
    expect(await reachable(bob, toAlice, [8888, 2222])).toEqual([]);
  });

  it("cannot be reached through the machine's own addresses", async () => {
    const { jupyter, ssh: sshPort } = project.ports;
    const published = [jupyter, jupyter + 1, sshPort, sshPort + 1];
    const gateway = await insideMust(
      alice,
      "awk '$2 == \"00000000\" { print $3 }' /proc/net/route",
    );
    const octets = (gateway.match(/../g) ?? []).reverse().map((hex) => Number.parseInt(hex, 16));
    expect(octets).toHaveLength(4);
    expect(await reachable(alice, octets.join("."), published)).toEqual([]);
  });

  it("does not find anything listening beyond loopback from the network", async () => {
    for (const name of [alice, bob]) {
      const ports = Object.values((await inspect(name)).NetworkSettings.Ports).flatMap(
        (bindings) => bindings ?? [],
      );
      expect(ports.map((binding) => binding.HostIp)).toEqual(["127.0.0.1", "127.0.0.1"]);
    }
    const { jupyter, ssh: sshPort } = project.ports;
    const outside = Object.values(os.networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter((one) => !one.internal && one.family === "IPv4")
      .map((one) => one.address);
    for (const port of [jupyter, jupyter + 1, sshPort, sshPort + 1]) {
      expect(await accepts("127.0.0.1", port)).toBe(true);
      for (const host of outside)
        expect([host, port, await accepts(host, port)]).toEqual([host, port, false]);
    }
  });
});

describe("limits", () => {
  it("are set as the stack file says", async () => {
    const memory = await insideMust(
      alice,
      "cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes",
    );
    expect(Number(memory)).toBe(MEMORY);
    const cpus = await insideMust(
      alice,
      `if [ -f /sys/fs/cgroup/cpu.max ]; then awk '{ print $1 / $2 }' /sys/fs/cgroup/cpu.max
       else echo $(( $(cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us) * 10 / $(cat /sys/fs/cgroup/cpu/cpu.cfs_period_us) )) | sed 's/.$/.&/'; fi`,
    );
    expect(Number(cpus)).toBe(1.5);
    const pids = await insideMust(
      alice,
      "cat /sys/fs/cgroup/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids/pids.max",
    );
    expect(Number(pids)).toBe(PIDS);
    expect(await insideMust(alice, "df -B1 --output=size /dev/shm | tail -1")).toBe(String(SHM));
  });

  it("end a process that takes more memory, and nothing else", async () => {
    const result = await inside(
      alice,
      `python3 -c 'b = bytearray(b"x") * (3 << 30); print("took it")'`,
    );
    expect(result.stdout).toBe("");
    expect([137, -9, 1]).toContain(result.code);
    expect(result.code).not.toBe(0);
    expect((await inspect(alice)).State.Status).toBe("running");
  });

  it("end a flood of processes with an error, and the next login works", async () => {
    const flood = `
import os, signal, time
children = []
try:
    while len(children) < 2000:
        pid = os.fork()
        if pid == 0:
            time.sleep(60)
            os._exit(0)
        children.append(pid)
    print("no limit")
except BlockingIOError:
    print("refused after", len(children))
for pid in children:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
`;
    const said = await insideMust(alice, `python3 - <<'PROGRAM'\n${flood}\nPROGRAM`);
    const reached = Number(/^refused after (\d+)$/.exec(said)?.[1]);
    expect(reached).toBeGreaterThan(PIDS / 2);
    expect(reached).toBeLessThan(PIDS);
    expect(await ssh.must("echo fine")).toBe("fine");
  });

  it("end the filling of shared memory with an error", async () => {
    const result = await inside(
      alice,
      "head -c 300M /dev/zero > /dev/shm/full; rm -f /dev/shm/full",
    );
    expect(result.stderr).toContain("No space left on device");
  });

  it("leave the environment healthy", async () => {
    await eventually(
      "healthy",
      async () => (await inspect(alice)).State.Health?.Status === "healthy",
    );
  });
});

describe("secrets", () => {
  it("are kept in the home, for its owner only", async () => {
    expect(secrets.token).toMatch(/^[0-9A-Za-z_-]{32,}$/);
    expect(secrets.hostKey.length).toBeGreaterThan(2);
    const modes = await insideMust(
      alice,
      "cd ~/.config/gpudev && stat -c '%a %u' . jupyter-token ssh/ssh_host_ed25519_key",
    );
    expect(modes).toBe("700 1000\n600 1000\n600 1000");
    const bobs = await insideMust(bob, "cat ~/.config/gpudev/jupyter-token");
    expect(bobs).not.toBe(secrets.token);
  });

  it("are not in `docker inspect`, of container, image, volume or network", async () => {
    const image = (await inspect(alice)).Image;
    const text = [
      await docker("inspect", alice, image),
      await docker("volume", "inspect", project.home("alice")),
      await docker("network", "inspect", alice),
    ].join("\n");
    expect(leaks(text)).toEqual([]);
  });

  it("are not in the process list, arguments and environments alike", async () => {
    const running = await insideMust(alice, "pgrep -f jupyter | head -1");
    expect(Number(running)).toBeGreaterThan(0);
    expect(leaks(await must("ps", ["axeww", "-o", "pid,args"]))).toEqual([]);
    expect(
      leaks(
        await insideMust(alice, "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr '\\0' '\\n'"),
      ),
    ).toEqual([]);
  });

  it("are not in the image's history", async () => {
    const image = (await inspect(alice)).Image;
    const history = await docker("history", "--no-trunc", image);
    expect(leaks(history)).toEqual([]);
    expect(history).not.toMatch(/PRIVATE KEY|token=/);
    // Nobody's host key was ever baked in.
    expect(await insideMust(alice, "ls /etc/ssh/ssh_host_* 2>/dev/null || true")).toBe("");
  });

  it("are not in the logs", async () => {
    const logs = await run("docker", ["logs", alice]);
    expect(leaks(logs.stdout + logs.stderr)).toEqual([]);
    expect(logs.stdout + logs.stderr).not.toMatch(/token=[0-9a-zA-Z]/);
  });

  it("are not in what `up` and `status` print", async () => {
    expect(leaks(printed)).toEqual([]);
    const status = await project.gpudev("status", "--json");
    expect(status.code).toBe(0);
    expect(leaks(status.stdout + status.stderr)).toEqual([]);
  });

  it("are not in Pulumi's state, nor anywhere in the state directory", async () => {
    const files = fs
      .readdirSync(project.stateDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name));
    const states = files.filter((file) => /\.pulumi\/stacks\//.test(file));
    expect(states.length).toBeGreaterThan(0);
    const text = states.map((file) => fs.readFileSync(file, "utf8")).join("\n");
    // It is this stack's state that is looked at.
    expect(text).toContain(project.home("alice"));
    for (const file of files) {
      expect([file, leaks(fs.readFileSync(file, "latin1"))]).toEqual([file, []]);
    }
  });
});
