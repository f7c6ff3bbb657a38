import { describe, expect, it } from "vitest";
import { leaseCommand } from "../../cli/aws/commands/keepAwake";
import { awsFailure, sessionFailure } from "../../cli/aws/failures";
import type { HostNow } from "../../cli/aws/hostStates";
import { sshEndpoint } from "../../cli/aws/sshFiles";
import { statusOfHosts } from "../../cli/aws/status";
import type { DatedVerdict, Verdict } from "../../cli/aws/verdicts";
import { isFresh } from "../../cli/aws/wake";
import { CommandFailure, ExitCode } from "../../cli/outcome";
import { awsWay, sshConfig } from "../../components/endpoints";
import { makeAwsPlan } from "../../components/plan/aws/makeAwsPlan";
import { account, awsSettings, ID, recordAws } from "../plan/aws/world";

function problem(name: string, words = "words."): Error {
  const error = new Error(words);
  error.name = name;
  return error;
}

describe("what AWS answers", () => {
  it.each([
    ["CredentialsProviderError", ExitCode.notReady, "AWS does not know who is asking"],
    ["ExpiredTokenException", ExitCode.notReady, "AWS does not know who is asking"],
    [
      "AccessDeniedException",
      ExitCode.failed,
      "Reading is not allowed: AccessDeniedException: words.",
    ],
    ["UnauthorizedOperation", ExitCode.failed, "Reading is not allowed"],
    ["ThrottlingException", ExitCode.failed, "Reading failed: ThrottlingException: words."],
  ])("%s ends with %i and says: %s", (name, exitCode, words) => {
    const failure = awsFailure(problem(name), "Reading");
    expect(failure.exitCode).toBe(exitCode);
    expect(failure.message).toContain(words);
    expect(failure.mend).toMatch(/./);
  });

  it("is left as it is where it was understood before", () => {
    const before = new CommandFailure(ExitCode.badInput, "no");
    expect(awsFailure(before, "Reading")).toBe(before);
  });
});

const said = (name: string, words = "i-1 is not connected.") =>
  `\nAn error occurred (${name}) when calling the StartSession operation: ${words}\nConnection closed by UNKNOWN port 65535\n`;

describe("what the aws client says when it opens no session", () => {
  it.each([
    [said("TargetNotConnected"), ExitCode.failed, "The host of ada is stopped", "gpudev start ada"],
    [
      said("AccessDeniedException", "User: x is not authorized"),
      ExitCode.failed,
      "Opening a session is not allowed",
      "policies",
    ],
    [
      said("InvalidDocument", "no such document."),
      ExitCode.failed,
      "no way in for ada",
      "gpudev up",
    ],
    [said("ExpiredTokenException", "expired"), ExitCode.notReady, "does not know", "Log in"],
    [
      said("ThrottlingException").replace("operation:", "operation (reached max retries: 4):"),
      ExitCode.failed,
      "failed",
      "run it again",
    ],
    [
      'Unable to locate credentials. You can configure credentials by running "aws configure".',
      ExitCode.notReady,
      "Unable to locate credentials",
      "Log in",
    ],
    [
      "Error loading SSO Token: Token for x does not exist",
      ExitCode.notReady,
      "does not know",
      "aws sso login",
    ],
    [
      "SessionManagerPlugin is not found. Please refer to",
      ExitCode.notReady,
      "session-manager-plugin",
      "Install",
    ],
    ["sh: 1: aws: not found\n", ExitCode.notReady, "There is no `aws`", "Install"],
  ])("%j ends with %i", (words, exitCode, message, mend) => {
    const failure = sessionFailure(words, "ada");
    expect(failure?.exitCode).toBe(exitCode);
    expect(failure?.message).toContain(message);
    expect(failure?.mend).toContain(mend);
  });

  it("is no explanation where ssh itself or the remote program failed", () => {
    expect(sessionFailure("dev@gpudev: Permission denied (publickey).", "ada")).toBeUndefined();
  });
});

describe("a user's way, from the stack file alone", () => {
  const settings = (access: Record<string, unknown> = {}) =>
    recordAws(
      awsSettings(["ada", "bob"], { hosts: { ladder: [{ type: "g6.12xlarge" }] }, access }),
      account(),
    );

  it("is that which the plan made", () => {
    const before = settings();
    const plan = makeAwsPlan(before, account());
    const way = awsWay(before, "bob");
    expect(plan.access.documents.map(({ name }) => name)).toEqual(
      expect.arrayContaining([way?.jupyter?.document, way?.ssh?.document]),
    );
    expect(way).toMatchObject({
      alias: "gpudev-team-bob",
      host: "host-0",
      jupyter: { document: `gpudev-team-${ID}-jupyter-1`, port: 8889 },
      ssh: { document: `gpudev-team-${ID}-ssh-1`, port: 2223 },
    });
    expect(way?.parameter("token")).toBe(`/gpudev/${ID}/host-0/bob/token`);
    expect(way).not.toHaveProperty("direct");
  });

  it("is not known without a seat", () => {
    expect(awsWay(awsSettings(["ada"]), "ada")).toBeUndefined();
  });

  it.each([
    [
      { directFrom: ["198.51.100.0/24"], domain: "gpu.example.com" },
      undefined,
      "host-0.gpu.example.com",
    ],
    [{ directFrom: ["198.51.100.0/24"] }, "203.0.113.7", "203.0.113.7"],
  ])("is direct with %j and the address %s", (access, address, host) => {
    const way = awsWay(settings(access), "ada");
    if (way === undefined) throw new Error("no way");
    const text = sshConfig([sshEndpoint(way, address)], { knownHostsFile: "/x" });
    expect(text).toContain(`  HostName ${host}\n  Port 2222\n`);
    expect(text).not.toContain("ProxyCommand");
  });

  it("goes through a session where a direct host has not said where it is", () => {
    const way = awsWay(settings({ directFrom: ["198.51.100.0/24"] }), "ada");
    if (way === undefined) throw new Error("no way");
    const text = sshConfig([sshEndpoint(way, undefined)], { knownHostsFile: "/x" });
    expect(text).toContain("  ProxyCommand sh -c 't=$(aws ssm get-parameter --region eu-west-1 ");
    expect(text).toContain("  ServerAliveInterval 60\n");
  });
});

const STARTED = new Date("2026-11-20T08:00:00Z");
const host = (state: string): HostNow => ({
  name: "host-0",
  instanceId: "i-1",
  type: "g6.12xlarge",
  state,
  startedAt: STARTED,
});
const verdict = (at: string, changes: Partial<Verdict> = {}): DatedVerdict => ({
  sentAt: new Date(at),
  verdict: {
    schema: "gpudev.verdict/1",
    host: "host-0",
    document: null,
    at,
    ready: true,
    words: ["host-0 is ready."],
    checks: {},
    environments: { ada: { state: "healthy" }, bob: { state: "stopped", reason: "idle" } },
    boot: "b2",
    ...changes,
  },
});
const LATER = "2026-11-20T08:03:00Z";
const EARLIER = "2026-11-19T18:00:00Z";

describe("a verdict", () => {
  it.each([
    [LATER, "b2", undefined, true],
    [EARLIER, "b2", undefined, false],
    // EC2's clock and the bucket's may be a second apart; the boot's name is not.
    [LATER, "b1", "b1", false],
    [LATER, "b2", "b1", true],
  ])("sent %s in boot %s after boot %s counts: %s", (at, boot, before, counts) => {
    expect(isFresh(verdict(at, { boot }), host("running"), before)).toBe(counts);
  });
});

it("is not the verdict of a machine whose place another took", () => {
  const other = verdict(LATER, { instance: "i-0" });
  expect(isFresh(other, host("running"), undefined)).toBe(false);
  expect(isFresh(verdict(LATER, { instance: "i-1" }), host("running"), undefined)).toBe(true);
});

describe("the status of a stack on AWS", () => {
  const plan = makeAwsPlan(
    awsSettings(["ada", "bob"], { hosts: { ladder: [{ type: "g6.12xlarge" }] } }),
    account(),
  );
  const states = (found: HostNow[] | undefined, said_?: DatedVerdict | string) => {
    const all = statusOfHosts(plan, found, new Map(said_ === undefined ? [] : [["host-0", said_]]));
    return [
      all.hosts[0]?.state,
      all.hosts[0]?.ready,
      ...all.environments.map(({ state }) => state),
    ];
  };

  it.each([
    [
      "is what the host says",
      [host("running")],
      verdict(LATER),
      ["running", true, "healthy", "stopped"],
    ],
    [
      "waits for the present boot",
      [host("running")],
      verdict(EARLIER),
      ["running", undefined, "starting", "starting"],
    ],
    [
      "is stopped with the machine",
      [host("stopped")],
      verdict(LATER),
      ["stopped", undefined, "stopped", "stopped"],
    ],
    [
      "knows a first boot",
      [host("pending")],
      "host-0 has said nothing yet.",
      ["pending", undefined, "starting", "starting"],
    ],
    ["knows what was never made", [], undefined, ["missing", undefined, "missing", "missing"]],
    [
      "knows nothing where EC2 could not be asked",
      undefined,
      undefined,
      ["unknown", undefined, "unknown", "unknown"],
    ],
  ] as const)("%s", (_, found, said_, expected) => {
    expect(states(found === undefined ? undefined : [...found], said_)).toEqual([...expected]);
  });

  it("counts the price of what runs, and none where that is not known", () => {
    const price = (found: HostNow[] | undefined) =>
      statusOfHosts(plan, found, new Map()).cost.perHourNow;
    expect(price([host("running")])).toBeCloseTo(plan.cost.perHour, 4);
    expect(price([host("stopped")])).toBeCloseTo(plan.cost.perHourStopped, 4);
    expect(price(undefined)).toBeUndefined();
  });

  it("tells the watcher's last decision with its reason, also of a machine that is off", () => {
    const decided = verdict(EARLIER, {
      idle: {
        at: EARLIER,
        host: { action: "power-off", kind: "all idle", reason: "every environment is stopped" },
        environments: { ada: { action: "stop", kind: "idle", reason: "idle for 50 min" } },
      },
    });
    const { environments } = statusOfHosts(plan, [host("stopped")], new Map([["host-0", decided]]));
    expect(environments.map(({ decision }) => decision)).toEqual([
      "stop: idle for 50 min",
      undefined,
    ]);
  });
});

describe("a keep-awake lease", () => {
  it("is taken and ended by what runs inside", () => {
    expect(leaseCommand(14_400)).toBe(
      "mkdir -p ~/.config/gpudev && date --iso-8601=seconds -d '+14400 seconds' > ~/.config/gpudev/keep-awake && cat ~/.config/gpudev/keep-awake",
    );
    expect(leaseCommand(0)).toBe("rm -f ~/.config/gpudev/keep-awake");
  });
});
