import type { Trial } from "../../settings/awsSchema";
import type { AwsStack } from "./stack";

/** A host, as far as an upgrade looks at it. */
interface UpgradedHost {
  readonly index: number;
  readonly name: string;
  readonly users: readonly string[];
}

/** What the hosts are told to run now. */
export interface RunningImage {
  /** By digest. */
  readonly image: string;
  /** Oldest driver that runs it. */
  readonly driverMin: string;
}

/** What an upgrade is decided from. */
export interface UpgradeFacts {
  readonly hosts: readonly UpgradedHost[];
  /** AMI that the stack file records. */
  readonly recorded: string | undefined;
  /** AMI that the public parameter names today. */
  readonly newest: string;
  /** What hosts run now; absent where they were told nothing yet. */
  readonly running: RunningImage | undefined;
  /** Whether settings ask for another image than hosts run. */
  readonly imageChanges: boolean;
  /** An upgrade that was begun before. */
  readonly open: Trial | undefined;
}

/** What an upgrade does. */
export interface Upgrade {
  /** Host that tries it. */
  readonly first: UpgradedHost;
  /** Hosts that follow. */
  readonly others: readonly UpgradedHost[];
  readonly ami?: { readonly from?: string; readonly to: string };
  /** What hosts run until the first has passed. */
  readonly held?: RunningImage;
  /** True where an earlier run began it. */
  readonly goesOn: boolean;
}

/** The host whose trial disturbs fewest users; of several the one with the lowest number. */
function firstOf(hosts: readonly UpgradedHost[]): UpgradedHost | undefined {
  return hosts.toSorted((a, b) => a.users.length - b.users.length || a.index - b.index)[0];
}

/**
 * Which host tries what first. One that an earlier run began goes on with the AMI of then, even where
 * there is a newer one by now: nothing else was tried.
 * @returns undefined where nothing is newer than what hosts have
 */
export function planUpgrade(facts: UpgradeFacts): Upgrade | undefined {
  const { hosts, recorded, newest, running, imageChanges, open } = facts;
  const begun =
    open?.host === undefined ? undefined : hosts.find(({ index }) => index === open.host);
  const first = begun ?? firstOf(hosts);
  if (first === undefined) return undefined;
  const others = hosts.filter(({ index }) => index !== first.index);
  if (begun !== undefined && open !== undefined) {
    return {
      first,
      others,
      goesOn: true,
      ...(open.ami === undefined ? {} : { ami: amiChange(recorded, open.ami) }),
      ...(open.held === undefined ? {} : { held: open.held }),
    };
  }
  const ami = newest === recorded ? undefined : amiChange(recorded, newest);
  const held = imageChanges ? running : undefined;
  if (ami === undefined && !imageChanges) return undefined;
  return {
    first,
    others,
    goesOn: false,
    ...(ami === undefined ? {} : { ami }),
    ...(held === undefined ? {} : { held }),
  };
}

function amiChange(from: string | undefined, to: string): NonNullable<Upgrade["ami"]> {
  return { to, ...(from === undefined ? {} : { from }) };
}

/** What the stack file records at one point of an upgrade. */
export interface UpgradeRecord {
  /** `gpudev:aws.hosts.ami.id`. */
  readonly ami: string | undefined;
  /** `gpudev:aws.trial`. */
  readonly trial: Trial | undefined;
}

/** While the first host tries it. */
export function whileTried({ first, ami, held }: Upgrade): UpgradeRecord {
  return {
    ami: ami?.from,
    trial: {
      host: first.index,
      ...(ami === undefined ? {} : { ami: ami.to }),
      ...(held === undefined ? {} : { held }),
    },
  };
}

/** Once it has passed: all hosts get it. */
export function oncePassed({ ami }: Upgrade, recorded: string | undefined): UpgradeRecord {
  return { ami: ami?.to ?? recorded, trial: undefined };
}

/**
 * Once it has failed: the first host gets back what it had. Settings still ask for the image that
 * failed, so all hosts are held on the one before.
 */
export function onceFailed({ held }: Upgrade, recorded: string | undefined): UpgradeRecord {
  return { ami: recorded, trial: held === undefined ? undefined : { held } };
}

/** Settings with what an upgrade records in them. */
export function withUpgrade(settings: AwsStack, { ami: id, trial }: UpgradeRecord): AwsStack {
  const { aws } = settings;
  const ami = { ...aws.hosts.ami, id };
  return { ...settings, aws: { ...aws, hosts: { ...aws.hosts, ami }, trial } };
}

/** The same as values for the stack file; `undefined` is taken out. */
export function upgradeValues({ ami, trial }: UpgradeRecord): Readonly<Record<string, unknown>> {
  return { "gpudev:aws.hosts.ami.id": ami, "gpudev:aws.trial": trial };
}

/** What a host has said, as far as it is judged here. */
export interface SaidByHost {
  readonly ready: boolean;
  readonly document: string | null;
  readonly instance?: string | null | undefined;
}

/** Which machine, with which document, has to say that it is ready. */
export interface Expected {
  readonly instanceId: string;
  readonly version?: string;
}

/**
 * `passed` and `failed` are the words of this very machine about this very document; anything else was
 * said before, by a machine that is gone or about another document.
 */
export function trialVerdict(
  said: SaidByHost | undefined,
  expected: Expected,
): "passed" | "failed" | "nothing yet" {
  if (said === undefined || said.instance !== expected.instanceId) return "nothing yet";
  if (expected.version !== undefined && said.document !== expected.version) return "nothing yet";
  return said.ready ? "passed" : "failed";
}
