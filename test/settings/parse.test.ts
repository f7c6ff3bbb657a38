import { describe, expect, it } from "vitest";
import { type Finding, parseSettings, readStackConfig } from "../../components/settings";
import { ed25519, privateKey, rsa } from "./keys";

const ADA = ed25519("ada@laptop");
const BOB = ed25519("bob@laptop");
const files: Record<string, string> = {};

function parse(config: string, roster: Readonly<Record<string, string>> = files) {
  const indented = config
    .trim()
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
  return parseSettings({
    stack: "demo",
    config: readStackConfig(`config:\n${indented}\n`),
    readFile: (name) => {
      const text = roster[name];
      if (text === undefined)
        throw Object.assign(new Error(`no such file ${name}`), { code: "ENOENT" });
      return text;
    },
  });
}

const users = `gpudev:users: [{name: ada, sshKeys: ["${ADA}"]}]`;
const usable = (more: string) => `gpudev:target: workstation\n${users}\n${more}`;

function brief({ severity, code, path, message, mend }: Finding): string {
  return `${severity} ${code} ${path}: ${message} ${mend}`;
}

describe("parseSettings", () => {
  it("fills in every default from a target and users", () => {
    const { settings, findings } = parse(usable(""));
    expect(findings).toEqual([]);
    expect(settings).toEqual({
      stack: "demo",
      team: "demo",
      target: "workstation",
      users: [{ name: "ada", sshKeys: [ADA] }],
      userPaths: { ada: "gpudev:users[0]" },
      gpu: { perUser: "auto", share: false, access: "auto" },
      image: {
        torch: "2.6.0",
        base: "ubuntu:22.04",
        apt: [],
        pip: [],
        uid: 1000,
        repository: "pytorch-cuda",
        push: false,
      },
      limits: {},
      profiles: {},
      services: { jupyter: true, ssh: true },
      workspace: [],
      ports: { jupyter: 8888, ssh: 2222 },
      networks: { range: "10.213.0.0/16" },
      bind: { address: "127.0.0.1", exposeToNetwork: false },
      lifetime: { max: 2_592_000, maxLease: 43_200, stopGrace: 30 },
      docker: { provider: "bundled" },
      seats: {},
    });
  });

  it("reads quantities into bytes and seconds, and ignores what is not gpudev's", () => {
    const { settings, findings } = parse(
      usable(`
gpudev:limits: {memory: 16GiB, shm: 8g, cpus: 1.5, pids: 512}
gpudev:lifetime: {idleStop: 45m, stopGrace: 2h}
gpudev:team: 2024
gpudev:services:
aws:region: eu-west-1
pulumi:tags: {a: b}`),
    );
    expect(findings).toEqual([]);
    expect(settings?.limits).toEqual({ memory: 2 ** 34, shm: 2 ** 33, cpus: 1.5, pids: 512 });
    expect(settings?.lifetime).toEqual({
      idleStop: 2700,
      max: 2_592_000,
      maxLease: 43_200,
      stopGrace: 7200,
    });
    expect(settings?.team).toBe("2024");
    expect(settings?.services).toEqual({ jupyter: true, ssh: true });
  });

  it.each<readonly [setting: string, ...findings: readonly string[]]>([
    [
      "gpudev:usrs: []",
      "error unknown-key gpudev:usrs: There is no setting `usrs` here. Did you mean `gpudev:users`?",
    ],
    [
      'gpudev:torch: "2.6"',
      "error unknown-key gpudev:torch: There is no setting `torch` here. Did you mean `gpudev:image.torch`?",
    ],
    [
      'gpudev:image.cuda: "12.4"',
      'error unknown-key gpudev:["image.cuda"]: There is no setting `image.cuda` here. Write it nested: `gpudev:image: {cuda: …}`.',
    ],
    [
      "gpudev:gpu: {acces: cdi}",
      "error unknown-key gpudev:gpu.acces: There is no setting `acces` here. Did you mean `gpudev:gpu.access`?",
    ],
    [
      "gpudev:ports: {grafana: 3000}",
      "error unknown-key gpudev:ports.grafana: There is no setting `grafana` here. Take it out, or use one of: jupyter, ssh.",
    ],
    [
      "gpudev:profiles: {big: {memry: 2g}}",
      "error unknown-key gpudev:profiles.big.memry: There is no setting `memry` here. Did you mean `gpudev:profiles.big.memory`?",
    ],
    [
      "gpudev:image: {torch: 2.6}",
      'error wrong-type gpudev:image.torch: This is a number (2.6), and must be a text. Put it in quotes, such as "2.6". Without them YAML reads a number, and 3.10 becomes 3.1.',
    ],
    [
      'gpudev:gpu: {share: "true"}',
      "error wrong-type gpudev:gpu.share: This is a text, and must be true or false. Write true or false, without quotes.",
    ],
    [
      "gpudev:image: {pip: pandas}",
      "error wrong-type gpudev:image.pip: This is a text, and must be a list. Write a list: `[one, two]`, or one item a line that begins with `- `.",
    ],
    [
      "gpudev:limits: 16GiB",
      "error wrong-type gpudev:limits: This is a text, and must be a mapping. Write a mapping: `{key: value}`, or one `key: value` a line below it.",
    ],
    [
      "gpudev:image: {uid: 1000.5}",
      "error wrong-type gpudev:image.uid: This is a number (1000.5), and must be a whole number. Write a whole number without quotes.",
    ],
    [
      'gpudev:limits: {memory: "16"}',
      'error bad-value gpudev:limits.memory: "16" is no amount of memory. Write a number with a unit: 16GiB, 512MiB, 16g.',
    ],
    [
      "gpudev:limits: {shm: 8}",
      "error bad-value gpudev:limits.shm: 8 is no amount of memory. Write a number with a unit: 16GiB, 512MiB, 16g.",
    ],
    [
      "gpudev:limits: {cpus: 0}",
      "error bad-value gpudev:limits.cpus: 0 is not above 0. Give more than 0.",
    ],
    [
      "gpudev:limits: {pids: 8}",
      "error bad-value gpudev:limits.pids: 8 is below 64. Give at least 64.",
    ],
    [
      "gpudev:lifetime: {idleStop: soon}",
      'error bad-value gpudev:lifetime.idleStop: "soon" is no span of time. Write a number with a unit: 30s, 45m, 8h, 3d.',
    ],
    [
      'gpudev:lifetime: {until: "2026-12-24T18:00:00"}',
      'error bad-value gpudev:lifetime.until: "2026-12-24T18:00:00" is no time with its offset. Write it as 2026-12-24T18:00:00+01:00.',
    ],
    [
      "gpudev:gpu: {perUser: all}",
      'error bad-value gpudev:gpu.perUser: "all" is no GPU request. Give a count, none, auto, or a list of device indexes or UUIDs such as [0, 1].',
    ],
    [
      "gpudev:gpu: {perUser: []}",
      "error bad-value gpudev:gpu.perUser: [] has no items. Name at least one, or leave the setting out.",
    ],
    [
      "gpudev:gpu: {access: cd}",
      'error bad-value gpudev:gpu.access: "cd" is not known here. Did you mean `cdi`? Give one of: auto, cdi, runtime.',
    ],
    [
      "gpudev:image: {pip: [numpy, a b]}",
      'error bad-value gpudev:image.pip[1]: "a b" is no pip requirement without spaces. Write name, name[extra] or name==1.2.',
    ],
    [
      'gpudev:image: {apt: ["-y"]}',
      'error bad-value gpudev:image.apt[0]: "-y" is no Debian package name. Write name or name=version.',
    ],
    [
      "gpudev:image: {existing: pytorch}",
      'error bad-value gpudev:image.existing: "pytorch" names an image without its digest. Write name@sha256:… (`docker images --digests` shows it).',
    ],
    [
      "gpudev:image: {indexUrl: http://example.com}",
      'error bad-value gpudev:image.indexUrl: "http://example.com" is no https address. Write https://host/path.',
    ],
    [
      "gpudev:bind: {tls: {certificate: /c.pem}}",
      "error missing gpudev:bind.tls.key: This setting is missing and has no default. Add it; docs/configuration.md says what it may be.",
    ],
    [
      "gpudev:image: {indexUrl: {secure: v1:abc}}",
      "error encrypted gpudev:image.indexUrl: This setting is encrypted, and gpudev has no secret settings. Write it plainly, without `secure:`.",
    ],
    [
      "gpudev:services: {jupyter: false, ssh: false}",
      "error no-service gpudev:services: Both services are off: nobody could enter an environment. Turn on `jupyter`, `ssh` or both.",
    ],
    [
      "gpudev:bind: {address: 0.0.0.0}\ngpudev:services: {jupyter: false}",
      "error exposed-unsaid gpudev:bind.address: 0.0.0.0 lets others on the network reach the ports, and nothing says that this is on purpose. Set `exposeToNetwork: true` beside it, or leave the address at 127.0.0.1 and use SSH forwarding.",
    ],
    [
      "gpudev:bind: {address: 10.0.0.5, exposeToNetwork: true}",
      "error tls-missing gpudev:bind.tls: Jupyter would send its token and all notebooks over the network unencrypted. Name a certificate and its key: `tls: {certificate: /path/cert.pem, key: /path/key.pem}`, or turn `services.jupyter` off.",
    ],
    [
      "gpudev:bind: {exposeToNetwork: true}",
      "hint exposed-nowhere gpudev:bind.exposeToNetwork: `exposeToNetwork` does nothing while the address is 127.0.0.1. Set `gpudev:bind.address` too, or take `exposeToNetwork` out.",
    ],
    [
      "gpudev:workspace: [{source: data}]",
      'error bad-value gpudev:workspace[0].source: "data" is no absolute path on the machine. Begin it with /.',
    ],
    [
      "gpudev:workspace: [{source: /srv, target: /workspace/../etc}]",
      'error bad-value gpudev:workspace[0].target: "/workspace/../etc" is no place for a mount. Give /workspace, /data, /mnt or a folder below one of them.',
    ],
    [
      "gpudev:workspace: [{source: /var/run/docker.sock}]",
      "error closed-folder gpudev:workspace[0].source: Mounting /var/run/docker.sock would hand over the machine to whoever is in the environment. Name the folder that holds the work or the data.",
    ],
    [
      "gpudev:workspace: [{source: /var/lib/docker/volumes}]",
      "error closed-folder gpudev:workspace[0].source: Mounting /var/lib/docker/volumes would hand over the machine to whoever is in the environment. Name the folder that holds the work or the data.",
    ],
    [
      "gpudev:workspace: [{source: /home/ada/.ssh}]",
      "error closed-folder gpudev:workspace[0].source: Mounting /home/ada/.ssh would hand over the machine to whoever is in the environment. Name the folder that holds the work or the data.",
    ],
    [
      "gpudev:bind: {tls: {certificate: c.pem, key: /k.pem}}",
      'error bad-value gpudev:bind.tls.certificate: "c.pem" is no absolute path on the machine. Begin it with /.',
    ],
    [
      "gpudev:workspace: [{source: /srv/../etc/}]",
      "error closed-folder gpudev:workspace[0].source: Mounting /etc would hand over the machine to whoever is in the environment. Name the folder that holds the work or the data.",
    ],
    [
      "gpudev:workspace: [{source: /a}, {source: /b}]",
      "error same-target gpudev:workspace[1].target: /workspace is the target of gpudev:workspace[0] too, for the same user. Give one of them another target, such as a folder below /data.",
    ],
    [
      "gpudev:workspace: [{source: /a, users: [adda]}]",
      "warning unknown-user gpudev:workspace[0].users: There is no user `adda`. Did you mean `ada`?",
    ],
    [
      "gpudev:networks: {range: 10.213.5.0/16}",
      "error range-unaligned gpudev:networks.range: 10.213.5.0/16 does not begin where a /16 begins. Write 10.213.0.0/16.",
    ],
    [
      "gpudev:networks: {range: 10.0.0.0/30}",
      "error range-too-small gpudev:networks.range: 10.0.0.0/30 has no room for one network of 8 addresses. Give a range of /29 or larger; /16 has room for 8192 users.",
    ],
    [
      "gpudev:networks: {range: 8.8.0.0/16}",
      "warning range-public gpudev:networks.range: 8.8.0.0/16 is no private range: environments could not reach the public addresses in it. Take one from 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.",
    ],
    [
      "gpudev:limits: {memory: 2g, shm: 4g}",
      "error shm-over-memory gpudev:limits.shm: /dev/shm counts as memory, and is larger than the memory limit. Make `shm` half of `memory`, or leave it out.",
    ],
    [
      "gpudev:seats: {id: A, ada: {slot: -1}}",
      'error bad-value gpudev:seats.id: "A" is no stack id. Leave it out, and gpudev writes a new one.',
      "error bad-value gpudev:seats.ada.slot: -1 is below 0. Give at least 0.",
    ],
  ])("says what is wrong with %s", (setting, ...expected) => {
    const { settings, findings } = parse(usable(setting));
    expect(findings.map(brief)).toEqual(expected);
    expect(settings?.users.map(({ name }) => name)).toEqual(["ada"]);
  });

  it.each<readonly [user: string, ...findings: readonly string[]]>([
    [
      `{name: Ada, sshKeys: ["${BOB}"]}`,
      'error bad-value gpudev:users[1].name: "Ada" is no Linux user name. Begin with a small letter, go on with small letters, digits, - or _, 31 characters at most.',
    ],
    [
      "{sshKeys: []}",
      "error missing gpudev:users[1].name: This setting is missing and has no default. Add it; docs/configuration.md says what it may be.",
    ],
    [
      `{name: ada, sshKeys: ["${BOB}"]}`,
      "error duplicate-user gpudev:users[1].name: There are two users with the name `ada`; the other is gpudev:users[0]. Give one of them another name, or take one out.",
    ],
    [
      `{name: root, sshKeys: ["${BOB}"]}`,
      "error reserved-name gpudev:users[1].name: A user cannot be called `root`: nobody is root in an environment. Give another name.",
    ],
    [
      `{name: id, sshKeys: ["${BOB}"]}`,
      "error reserved-name gpudev:users[1].name: A user cannot be called `id`: the stack's own id stands under this name in `gpudev:seats`. Give another name.",
    ],
    [
      `{name: constructor, sshKeys: ["${BOB}"]}`,
      "error reserved-name gpudev:users[1].name: A user cannot be called `constructor`: it is reserved. Give another name.",
    ],
    [
      "bob",
      "error wrong-type gpudev:users[1]: This is a text, and must be a mapping. Write a mapping: `{key: value}`, or one `key: value` a line below it.",
    ],
  ])("leaves out the user %s", (user, ...expected) => {
    const { settings, findings } = parse(
      `gpudev:target: workstation\ngpudev:users: [{name: ada, sshKeys: ["${ADA}"]}, ${user}]`,
    );
    expect(findings.map(brief)).toEqual(expected);
    expect(settings?.users.map(({ name }) => name)).toEqual(["ada"]);
  });

  it.each<readonly [user: string, ...findings: readonly string[]]>([
    [
      `{name: bob, sshKeys: ["${BOB}"], gpus: -1, gpu: 1}`,
      "error bad-value gpudev:users[0].gpus: -1 is below 0. Give at least 0.",
      "error unknown-key gpudev:users[0].gpu: There is no setting `gpu` here. Did you mean `gpudev:users[0].gpus`?",
    ],
    [
      `{name: bob, sshKeys: ["${BOB}"], profile: smal}`,
      "error unknown-profile gpudev:users[0].profile: There is no profile `smal`. Did you mean `small`?",
    ],
    [
      `{name: bob, sshKeys: ["${BOB}"], profile: gigantic}`,
      "error unknown-profile gpudev:users[0].profile: There is no profile `gigantic`. Use one of: small.",
    ],
    [
      `{name: bob, sshKeys: "${BOB}"}`,
      "error wrong-type gpudev:users[0].sshKeys: This is a text, and must be a list. Write a list: `[one, two]`, or one item a line that begins with `- `.",
    ],
    [
      "{name: bob}",
      "warning no-ssh-key gpudev:users[0].sshKeys: bob has no SSH key: Jupyter works, logging in by SSH does not. Add a public key, such as the line in ~/.ssh/id_ed25519.pub.",
    ],
    [
      `{name: bob, sshKeys: ["${BOB}", "ssh-ed25519 AAAA"]}`,
      "error broken-key gpudev:users[0].sshKeys[1]: bob: This SSH key is cut off: its data end too early. Copy the whole line of the .pub file again.",
    ],
  ])("keeps the user %s without what is wrong", (user, ...expected) => {
    const { settings, findings } = parse(
      `gpudev:target: workstation\ngpudev:users: [${user}]\ngpudev:profiles: {small: {gpus: 1}}`,
    );
    expect(findings.map(brief)).toEqual(expected);
    expect(settings?.users).toMatchObject([{ name: "bob" }]);
    expect(settings?.users[0]).not.toHaveProperty("gpus");
  });

  it("refuses a user whom nobody could be, where SSH is the only service", () => {
    const { findings } = parse(
      "gpudev:target: workstation\ngpudev:users: [{name: bob}]\ngpudev:services: {jupyter: false}",
    );
    expect(findings.map(brief)).toEqual([
      "error no-ssh-key gpudev:users[0].sshKeys: bob has no SSH key, and SSH is the only service: nobody could enter. Add a public key, such as the line in ~/.ssh/id_ed25519.pub.",
    ]);
  });

  it("warns of one key for two users, and takes a key that stands twice once", () => {
    const { settings, findings } = parse(
      `gpudev:target: workstation\ngpudev:users: [{name: ada, sshKeys: ["${ADA}", "${ADA} "]}, {name: bob, sshKeys: ["${ADA}"]}]`,
    );
    expect(findings.map(({ code, path }) => [code, path])).toEqual([
      ["shared-key", "gpudev:users[1].sshKeys"],
    ]);
    expect(settings?.users[0]?.sshKeys).toEqual([ADA]);
  });

  it.each([
    [
      "",
      [
        "error missing gpudev:target: This setting is missing and has no default. Add it; docs/configuration.md says what it may be.",
      ],
    ],
    [
      "gpudev:target: workstatoin",
      [
        'error bad-value gpudev:target: "workstatoin" is not known here. Did you mean `workstation`? Give one of: workstation, aws.',
      ],
    ],
  ])("gives no settings without a target (%s), but all findings", (target, expected) => {
    const { settings, findings } = parse(`${target}\n${users}\ngpudev:ports: {ssh: 22}`);
    expect(settings).toBeUndefined();
    expect(findings.map(brief)).toEqual([
      ...expected,
      "error bad-value gpudev:ports.ssh: 22 is below 1024. Give at least 1024.",
    ]);
  });

  it.each([
    [
      "gpudev:team: vision",
      "error missing gpudev:users: This setting is missing and has no default. Add it; docs/configuration.md says what it may be.",
    ],
    [
      "gpudev:users: ada",
      'error bad-value gpudev:users: "ada" is no roster file. Write a list of users, or the name of a file that ends in .csv.',
    ],
    [
      "gpudev:users: {ada: 1}",
      'error bad-value gpudev:users: {"ada":1} is no list of users. Write a list of users, or the name of a roster file that ends in .csv.',
    ],
    [
      "gpudev:users: team.csv",
      "error roster-unreadable gpudev:users: There is no roster file `team.csv` beside the stack file. Give its name relative to the stack file's folder, such as team.csv.",
    ],
  ])("says what is wrong with %s", (text, expected) => {
    const { settings, findings } = parse(`gpudev:target: workstation\n${text}`);
    expect(findings.map(brief)).toEqual([expected]);
    expect(settings?.users).toEqual([]);
  });

  it("tells everything at once, and still reads the rest", () => {
    const { settings, findings } = parse(`
gpudev:target: workstation
gpudev:users:
  - {name: ada, sshKeys: ["${ADA}", "${rsa(2048)}"], gpus: 2}
  - {name: ada, sshKeys: []}
gpudev:image: {torch: 2.6, cuda: "12.6", colour: red}
gpudev:ports: {jupyter: 80, ssh: 3000}
gpudev:bind: {address: 0.0.0.0}`);
    expect(findings.map(({ code, path }) => `${code} ${path}`)).toEqual([
      "wrong-type gpudev:image.torch",
      "unknown-key gpudev:image.colour",
      "bad-value gpudev:ports.jupyter",
      "weak-key gpudev:users[0].sshKeys[1]",
      "duplicate-user gpudev:users[1].name",
      "exposed-unsaid gpudev:bind.address",
      "tls-missing gpudev:bind.tls",
    ]);
    expect(settings).toMatchObject({
      users: [{ name: "ada", sshKeys: [ADA], gpus: 2 }],
      image: { torch: "2.6.0", cuda: "12.6" },
      ports: { jupyter: 8888, ssh: 3000 },
      bind: { address: "0.0.0.0" },
    });
  });

  it("never shows a private key, wherever it was put", () => {
    const secret = privateKey();
    const body = secret.split("\n").filter((line) => line !== "" && !line.startsWith("-----"));
    const text = JSON.stringify(secret);
    const { findings } = parse(`
gpudev:target: workstation
gpudev:team: ${text}
gpudev:users: [{name: ${text}, sshKeys: [${text}]}, {name: bob, sshKeys: [${text}], profile: ${text}}, {name: eve, sshKeys: ${text}}]
gpudev:image: {pip: [${text}]}`);
    expect(findings.filter(({ severity }) => severity === "error")).toHaveLength(7);
    for (const line of body) expect(JSON.stringify(findings)).not.toContain(line);
  });
});
