import * as os from "node:os";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { readLookups } from "../../components/lookups";
import { makePlan } from "../../components/plan";
import { errorsOf, settingsOf } from "../plan/world";

describe("lookups without a daemon", () => {
  const nowhere = `unix://${path.join(os.tmpdir(), "gpudev-no-such.sock")}`;

  it("are reasons, never exceptions, and the plan is made all the same", async () => {
    const settings = settingsOf(["a"], {
      docker: { host: nowhere },
      workspace: [{ source: os.tmpdir() }, { source: "/no/such/folder", target: "/data" }],
    });
    const lookups = await readLookups(settings);
    expect(lookups.docker).toEqual({ host: nowhere, local: true });
    const { daemon, containers, networks, volumes, takenPorts, freeDisk, base, images } = lookups;
    for (const answer of [
      daemon,
      containers,
      networks,
      volumes,
      takenPorts,
      freeDisk,
      base,
      images,
    ]) {
      expect(answer.known).toBe(false);
    }
    expect(daemon.known ? "" : daemon.because).toMatch(
      /^(The Docker daemon does not answer at |There is no docker )/,
    );
    expect(lookups.files).toEqual({
      [os.tmpdir()]: { known: true, value: true },
      "/no/such/folder": { known: true, value: false },
    });
    expect(lookups.imageContextHash).toMatch(/^[0-9a-f]{64}$/);
    expect(lookups.addresses.known).toBe(true);

    const plan = makePlan(settings, lookups);
    expect(errorsOf(plan)).toContain("no-daemon");
    expect(errorsOf(plan)).toContain("no-such-file");
    expect(plan.environments.map(({ container }) => container)).toEqual(["gpudev-team-a"]);
  });

  it("take the daemon that they are told before the one of settings", async () => {
    const settings = settingsOf(["a"], { docker: { host: "tcp://127.0.0.1:1" } });
    const lookups = await readLookups(settings, { dockerHost: nowhere });
    expect(lookups.docker.host).toBe(nowhere);
  });
});
