import * as fs from "node:fs";
import * as path from "node:path";
import { hostBundle } from "../../components/aws/hostBundle";
import { renderUserData } from "../../components/aws/userData";
import { packageRoot } from "../../components/lookups/paths";
import type { HostDocument, HostDraft } from "../../components/plan/aws/documentModel";
import { hostDocument, hostDocumentText } from "../../components/plan/aws/hostDocument";
import { makeAwsPlan } from "../../components/plan/aws/makeAwsPlan";
import { account, awsSettings } from "../plan/aws/world";
import type { AwsForHost } from "./awsForHost";

const PLACE = { bucket: "bucket", prefix: "team/7f3k2m", region: "eu-west-1", host: "host-0" };
const BUCKET = `${PLACE.bucket}/${PLACE.prefix}`;

/** The image that documents name; nobody pulls it. */
export const IMAGE = "gpudev-e2e/image:1";
/** Where the host publishes what its users need. */
export const PARAMETERS = "/gpudev/7f3k2m/host-0";
/** The software of hosts, as it is bundled. */
export const SOFTWARE = path.join(packageRoot(), "images", "host");

/** What the host says of itself, as far as these tests look at it. */
export interface Verdict {
  readonly ready: boolean;
  readonly state: string;
  readonly document: string;
  readonly bundle: string;
  readonly words: readonly string[];
  readonly idle?: { readonly host: { readonly action: string; readonly kind: string } };
}

/** Somebody with an environment on the host, and who owns its seats. */
interface Roster {
  readonly users: readonly { readonly name: string; readonly sshKeys: readonly string[] }[];
  /** Everybody who ever had a seat, in the order of their slots. */
  readonly everybody: readonly string[];
}

/** The bundle of a folder goes into the bucket; returns its hash. */
export async function putBundle(aws: AwsForHost, folder: string): Promise<string> {
  const { sha256, bytes } = await hostBundle(folder);
  aws.objects.set(`${BUCKET}/bundle/${sha256}.tar.gz`, bytes);
  return sha256;
}

/** The user data of a host that starts from this bundle. */
export function userDataFor(bundle: string): string {
  const template = fs.readFileSync(path.join(SOFTWARE, "user-data.sh"), "utf8");
  return renderUserData(template, { ...PLACE, bundle });
}

/** The plan's own document for these users, for a machine without a GPU, with further changes. */
export function gpuLessDocument(
  { users, everybody }: Roster,
  change: (draft: HostDraft) => HostDraft = (draft) => draft,
): HostDocument {
  const seats = everybody.map((name, slot) => [name, { slot, host: 0, devices: [slot] }]);
  const settings = awsSettings(
    users.map((user) => ({ ...user })),
    { hosts: { ladder: [{ type: "g6.12xlarge", market: "on-demand" }] } },
    {
      seats: { id: "7f3k2m", ...Object.fromEntries(seats) },
      gpu: { model: "L4", perUser: 1 },
      limits: { memory: "2GiB", cpus: 1, shm: "64MiB" },
    },
  );
  const [draft] = makeAwsPlan(settings, account()).documents;
  if (draft === undefined) throw new Error("the plan has no host");
  // The plan's end date is a day like any other, which would come some time; a test names its own.
  const { idleStop, graceSeconds, maxLease } = draft.lifetime;
  const gpuLess: HostDraft = {
    ...draft,
    checks: { ...draft.checks, gpus: 0 },
    lifetime: { idleStop, graceSeconds, maxLease },
    environments: draft.environments.map((one) => ({
      ...one,
      devices: [],
      unit: one.unit.replace(/ --device nvidia\.com\/gpu=\S+| --ulimit memlock=\S+/g, ""),
    })),
  };
  return hostDocument(change(gpuLess), { image: IMAGE });
}

/** Puts a document into the bucket, changed on its way where `garble` says so. */
export function putDocument(
  aws: AwsForHost,
  document: HostDocument,
  garble = (text: string) => text,
): void {
  const text = garble(hostDocumentText(document));
  aws.objects.set(`${BUCKET}/documents/host-0.json`, Buffer.from(text));
}

/** The host's verdict in the bucket. */
export function verdictIn(aws: AwsForHost): Verdict | undefined {
  const found = aws.objects.get(`${BUCKET}/verdicts/host-0.json`);
  return found === undefined ? undefined : (JSON.parse(found.toString()) as Verdict);
}

/** Forgets it, so that the next one is new. */
export function forgetVerdict(aws: AwsForHost): void {
  aws.objects.delete(`${BUCKET}/verdicts/host-0.json`);
}
