import { describe, expect, it } from "vitest";
import { makeAwsPlan } from "../../../components/plan/aws/makeAwsPlan";
import {
  onceFailed,
  oncePassed,
  planUpgrade,
  trialVerdict,
  type UpgradeFacts,
  whileTried,
  withUpgrade,
} from "../../../components/plan/aws/upgrade";
import { account, awsErrors, awsSettings, known, oneFinding, recordAws } from "./world";

const OLD = "ami-0aaa";
const NEW = "ami-0bbb";
const RUNNING = {
  image: `111122223333.dkr.ecr.eu-west-1.amazonaws.com/x@sha256:${"1".repeat(64)}`,
  driverMin: "550.54.14",
};

const host = (index: number, ...users: string[]) => ({ index, name: `host-${index}`, users });
const facts = (changes: Partial<UpgradeFacts> = {}): UpgradeFacts => ({
  hosts: [host(0, "ada", "bob"), host(1, "eve"), host(2, "kim")],
  recorded: OLD,
  newest: NEW,
  running: RUNNING,
  imageChanges: false,
  open: undefined,
  ...changes,
});
const upgradeOf = (changes: Partial<UpgradeFacts> = {}) => {
  const upgrade = planUpgrade(facts(changes));
  if (upgrade === undefined) throw new Error("nothing to upgrade");
  return upgrade;
};

describe("an upgrade", () => {
  it("is nothing where nothing is newer, and where there is no host", () => {
    expect(planUpgrade(facts({ newest: OLD }))).toBeUndefined();
    expect(planUpgrade(facts({ hosts: [] }))).toBeUndefined();
  });

  it.each<[string, Partial<UpgradeFacts>, unknown]>([
    ["a newer AMI", {}, { ami: { from: OLD, to: NEW } }],
    ["an AMI that was never recorded", { recorded: undefined }, { ami: { to: NEW } }],
    ["another image", { newest: OLD, imageChanges: true }, { held: RUNNING }],
    ["both", { imageChanges: true }, { ami: { from: OLD, to: NEW }, held: RUNNING }],
    [
      "an image where hosts run none yet",
      { imageChanges: true, newest: OLD, running: undefined },
      {},
    ],
  ])("with %s begins at the host with fewest users", (_, changes, what) => {
    expect(upgradeOf(changes)).toEqual({
      first: host(1, "eve"),
      others: [host(0, "ada", "bob"), host(2, "kim")],
      goesOn: false,
      ...(what as object),
    });
  });

  it("that was begun goes on with the AMI of then, on the host of then", () => {
    const open = { host: 0, ami: "ami-0ccc" };
    expect(upgradeOf({ open })).toEqual({
      first: host(0, "ada", "bob"),
      others: [host(1, "eve"), host(2, "kim")],
      goesOn: true,
      ami: { from: OLD, to: "ami-0ccc" },
    });
  });

  it("that failed with an image tries again, and lets others run what they run", () => {
    const upgrade = upgradeOf({ newest: OLD, imageChanges: true, open: { held: RUNNING } });
    expect(upgrade).toMatchObject({ first: host(1, "eve"), held: RUNNING, goesOn: false });
  });
});

describe("what is recorded", () => {
  const both = upgradeOf({ imageChanges: true });

  it("is the trial, then the new AMI for all, or the old one again", () => {
    expect(whileTried(both)).toEqual({
      ami: OLD,
      trial: { host: 1, ami: NEW, held: RUNNING },
    });
    expect(oncePassed(both, OLD)).toEqual({ ami: NEW, trial: undefined });
    expect(onceFailed(both, OLD)).toEqual({ ami: OLD, trial: { held: RUNNING } });
    expect(onceFailed(upgradeOf(), OLD)).toEqual({ ami: OLD, trial: undefined });
  });

  it("decides who gets which AMI and image", () => {
    const recorded = recordAws(
      awsSettings(["ada", "bob"], { hosts: { ladder: [{ type: "g6.xlarge" }] } }),
      account({ ami: known({ id: OLD, parameter: "/aws/service/…" }) }),
    );
    const upgrade = upgradeOf({
      hosts: [host(0, "ada"), host(1, "bob")],
      imageChanges: true,
    });
    const hosts = (record: Parameters<typeof withUpgrade>[1]) => {
      const plan = makeAwsPlan(withUpgrade(recorded, record), account());
      expect(awsErrors(plan)).toEqual([]);
      return {
        all: plan.ami.id,
        by: plan.hosts.map(({ ami, held }) => [ami, held?.image]),
        floors: plan.documents.map(({ checks }) => checks.driverMin),
        codes: plan.findings.map(({ code }) => code),
      };
    };
    const tried = hosts(whileTried(upgrade));
    expect(tried).toMatchObject({
      all: OLD,
      by: [
        [NEW, undefined],
        [undefined, RUNNING.image],
      ],
    });
    expect(tried.floors[1]).toBe(RUNNING.driverMin);
    expect(tried.codes).toContain("trial-open");
    const passed = hosts(oncePassed(upgrade, OLD));
    expect(passed).toMatchObject({
      all: NEW,
      by: [
        [undefined, undefined],
        [undefined, undefined],
      ],
    });
    expect(passed.codes).not.toContain("trial-open");
    const failed = hosts(onceFailed(upgrade, OLD));
    expect(failed.by).toEqual([
      [undefined, RUNNING.image],
      [undefined, RUNNING.image],
    ]);
    expect(failed.codes).toContain("image-held");
  });

  it("of a host that is gone is refused", () => {
    const settings = awsSettings(["ada"], { trial: { host: 7, ami: NEW } });
    expect(oneFinding(makeAwsPlan(settings, account()), "trial-nowhere")).toMatchObject({
      severity: "error",
      path: "gpudev:aws.trial.host",
    });
  });
});

describe("the first host's verdict", () => {
  const expected = { instanceId: "i-new", version: "v2" };
  const said = (ready: boolean, document: string | null, instance?: string | null) => ({
    ready,
    document,
    ...(instance === undefined ? {} : { instance }),
  });

  it.each([
    ["ready, of this machine and document", said(true, "v2", "i-new"), "passed"],
    ["not ready, of this machine and document", said(false, "v2", "i-new"), "failed"],
    ["of the machine before", said(true, "v2", "i-old"), "nothing yet"],
    ["of the document before", said(true, "v1", "i-new"), "nothing yet"],
    ["that a document was refused, of this machine", said(false, null, "i-new"), "nothing yet"],
    ["of a machine that does not say which", said(true, "v2"), "nothing yet"],
    ["of none", undefined, "nothing yet"],
  ])("%s: %s", (_, one, verdict) => {
    expect(trialVerdict(one, expected)).toBe(verdict);
  });
});

describe("the recorded AMI", () => {
  const recorded = (kind: string, name: string | undefined) =>
    makeAwsPlan(
      awsSettings(["ada"], { hosts: { ami: { kind, id: OLD } } }),
      account({
        recordedAmi: known(
          name === undefined ? undefined : { id: OLD, name, created: "2026-10-09T00:00:00.000Z" },
        ),
      }),
    );
  const DEEP = "Deep Learning Base OSS Nvidia Driver GPU AMI (Ubuntu 24.04) 20261009";
  const UBUNTU = "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20261101";

  it.each([
    ["deep-learning", DEEP, []],
    ["ubuntu", UBUNTU, []],
    ["deep-learning", "our-copy-of-it", []],
    ["ubuntu", "our-copy-of-it", []],
    ["deep-learning", UBUNTU, ["ami-of-other-kind"]],
    ["ubuntu", DEEP, ["ami-of-other-kind"]],
  ])("of %s called %s: %j", (kind, name, errors) => {
    expect(awsErrors(recorded(kind, name))).toEqual(errors);
  });

  it("of another kind than the settings say is refused with both mends", () => {
    expect(oneFinding(recorded("ubuntu", DEEP), "ami-of-other-kind")).toEqual({
      severity: "error",
      code: "ami-of-other-kind",
      path: "gpudev:aws.hosts.ami.kind",
      message: `The settings say ubuntu, and the recorded AMI ami-0aaa is deep-learning (${DEEP}): a host would be set up for what it is not.`,
      mend: "Run gpudev upgrade, which takes the newest ubuntu AMI, one host first; or write kind: deep-learning.",
    });
  });

  it("that AWS has no more is a warning: hosts that exist go on", () => {
    expect(oneFinding(recorded("ubuntu", undefined), "ami-gone")).toMatchObject({
      severity: "warning",
      path: "gpudev:aws.hosts.ami.id",
    });
  });
});
