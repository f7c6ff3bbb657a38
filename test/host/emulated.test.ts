import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HostDraft } from "../../components/plan/aws/documentModel";
import { awsForHost, type AwsForHost } from "../support/awsForHost";
import { EmulatedMachine } from "../support/emulatedMachine";
import {
  gpuLessDocument,
  IMAGE,
  putBundle,
  putDocument,
  SOFTWARE,
  userDataFor,
  verdictIn,
} from "../support/hostDeployment";
import { eventually } from "../support/processes";

/**
 * A whole machine under QEMU's emulation of a processor: a kernel of its own, systemd, cloud-init, Docker
 * and an EBS volume, from the user data to the host's own power-off. What takes long (real environments,
 * training, Spot, kills, reboots) is in systemd.test.ts, in a container: there cloud-init has ended after 7 to
 * 10 seconds, here after 94 s at load 4 and 419 s at load 10 (two cores), and one environment more takes
 * another minute.
 *
 * It does not show GPUs, nor EC2's own devices and network; the environment is a stand-in of a shell
 * and a sleep, with the real unit around it.
 */

const QUOTA_MIB = 64;
const LIMIT = 900_000;
const ROSTER = { users: [{ name: "alice", sshKeys: [] }], everybody: ["alice"] };

/** A shell, what it needs, and the programs that the unit and Docker call. */
const STAND_IN = `
set -e
mkdir -p /tmp/image/usr/local/bin && cd /tmp/image
tar --create --dereference --directory / bin/sh bin/sleep bin/dd lib64/ld-linux-x86-64.so.2 lib/x86_64-linux-gnu/libc.so.6 | tar --extract
printf '#!/bin/sh\\nexit 0\\n' >usr/local/bin/gpudev-healthcheck
printf '#!/bin/sh\\ntrap "exit 0" TERM\\nsleep 86400 & wait\\n' >usr/local/bin/environment
chmod +x usr/local/bin/*
tar --create . | docker import --change 'ENTRYPOINT ["/usr/local/bin/environment"]' - ${IMAGE}`;

let aws: AwsForHost;
let bundle: string;
let machine: EmulatedMachine;
const cleanUp: (() => Promise<void>)[] = [];

/** Alice's environment, which has neither Jupyter nor SSH, with a small home. */
const withAlice = (draft: HostDraft): HostDraft => ({
  ...draft,
  environments: draft.environments.map((one) => ({
    ...one,
    home: { ...one.home, quotaBytes: QUOTA_MIB * 2 ** 20 },
    ports: {},
  })),
});

beforeAll(async () => {
  aws = await awsForHost();
  cleanUp.unshift(aws.close);
  bundle = await putBundle(aws, SOFTWARE);
  machine = await EmulatedMachine.start(aws.port, userDataFor(bundle));
  cleanUp.unshift(() => machine.remove());
});

afterAll(async () => {
  for (const one of cleanUp) await one();
});

describe.sequential("a GPU host without a GPU, on emulated hardware", () => {
  it(
    "boots, and cloud-init ends clean with the host's software in place",
    { timeout: LIMIT },
    async () => {
      await machine.up();
      expect(await machine.sh("cloud-init status --wait --long")).toMatch(/^\.*\n?status: done/);
      const result = JSON.parse(await machine.sh("cat /run/cloud-init/result.json")) as {
        v1: { errors: string[] };
      };
      expect(result.v1.errors).toEqual([]);
      expect(await machine.sh("readlink /opt/gpudev/current")).toBe(`releases/${bundle}`);
      expect(
        await machine.sh("systemctl is-active gpudevhost-storage gpudevhost-guard docker"),
      ).toBe("active\nactive\nactive");
      expect(await machine.sh("systemctl --failed --no-legend --plain")).toBe("");
    },
  );

  it(
    "applies its document: an environment runs, on a volume with quotas",
    { timeout: LIMIT },
    async () => {
      await machine.sh(STAND_IN);
      putDocument(aws, gpuLessDocument(ROSTER, withAlice));
      const said = await eventually("the host's verdict", () => verdictIn(aws), LIMIT);
      expect(said.words).toEqual(["host-0 is ready: alice can log in."]);
      expect(
        await machine.sh("findmnt --noheadings --output FSTYPE,LABEL /var/lib/gpudev/homes"),
      ).toMatch(/^xfs +gpudev-homes$/);
      const fill = await machine.try(
        `docker exec gpudev-team-alice dd if=/dev/zero of=/home/dev/big bs=1M count=${2 * QUOTA_MIB}`,
      );
      expect(fill.code).not.toBe(0);
      expect(fill.said).toContain("No space left on device");
      const used = await machine.sh("du --summarize --block-size 1M /var/lib/gpudev/homes/alice");
      expect(Number(used.split(/\s/)[0])).toBeLessThanOrEqual(QUOTA_MIB);
    },
  );

  it("keeps metadata from containers", { timeout: LIMIT }, async () => {
    const ask =
      "curl --silent --max-time 20 --output /dev/null --write-out %{http_code} http://169.254.169.254/latest/";
    expect(await machine.sh(ask)).toBe("401");
    const pid = "$(docker inspect --format '{{.State.Pid}}' gpudev-team-alice)";
    const inside = await machine.try(`nsenter --net=/proc/${pid}/ns/net ${ask}`);
    expect(inside.said).toBe("000");
  });

  it(
    "shuts itself down when nobody has an environment there any more",
    { timeout: LIMIT },
    async () => {
      const document = gpuLessDocument(ROSTER, (draft) => ({
        ...draft,
        environments: [],
        lifetime: { ...draft.lifetime, idleStop: 20 },
      }));
      putDocument(aws, document);
      expect((await machine.try(`gpudev-host sync --version ${document.version}`)).said).toContain(
        "host-0 is ready: nobody can log in.",
      );
      await machine.down(LIMIT);
      expect(machine.console()).toContain("Power down");
    },
  );
});
