import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { DirectAuthority } from "./aws/directAuthority";
import { hostBundle } from "./aws/hostBundle";
import {
  TeamEnvironment,
  type DeployedHost,
  type TeamEnvironmentArgs,
} from "./aws/teamEnvironment";
import { awsEndpoints } from "./endpoints";
import type { Endpoint } from "./endpoints";
import { packageRoot } from "./lookups/paths";
import type { AwsPlan, PlannedCost } from "./plan/aws/model";

/** What a stack on EC2 tells of itself. No secret is among it. */
export interface AwsOutputs {
  /** How each user gets in. */
  readonly endpoints: pulumi.Output<readonly Endpoint[]>;
  /** Reference of the image that the environments run. */
  readonly image: pulumi.Output<string>;
  /** Homes volumes by host, or EFS access points by user. */
  readonly homes: pulumi.Output<Record<string, string>>;
  /** The stack's id, which labels all that it made. */
  readonly stackId: string;
  readonly region: string;
  /** Hosts by name. */
  readonly hosts: pulumi.Output<Record<string, DeployedHost>>;
  /** IAM policy of each user, as JSON: permits exactly the own tunnel. */
  readonly policies: pulumi.Output<Record<string, string>>;
  /** Bucket of the hosts' documents and verdicts. */
  readonly bucket: pulumi.Output<string>;
  /** SSM Automation runbook that ends the hosts; homes stay. */
  readonly runbook: pulumi.Output<string>;
  /** Private CA of each host, where users come in directly and without a domain: root certificate and fingerprint. */
  readonly certificateAuthorities: pulumi.Output<Record<string, DirectAuthority>>;
  /** USD an hour while all hosts run, and while all are stopped. */
  readonly cost: Pick<PlannedCost, "perHour" | "perHourStopped" | "pricesAsOf">;
}

/** What hosts run: the archive of their software and the script of their first boot. */
export type HostSoftware = Pick<TeamEnvironmentArgs, "bundle" | "userData">;

/**
 * Turns a plan for EC2 into resources. Call it inside a Pulumi program, with a plan that has no
 * error among its findings; it decides nothing that the plan could have decided.
 * @param software what hosts run; by default what this package brings
 */
export async function deployAws(plan: AwsPlan, software?: HostSoftware): Promise<AwsOutputs> {
  const { region, allowedAccounts } = plan;
  const { bundle, userData } = software ?? (await hostSoftware());
  const provider = new aws.Provider("aws", {
    region: region as aws.Region,
    ...(allowedAccounts.length === 0 ? {} : { allowedAccountIds: [...allowedAccounts] }),
    defaultTags: { tags: { ...plan.tags } },
  });
  const team = new TeamEnvironment("gpudev", { plan, bundle, userData }, { providers: [provider] });
  const { perHour, perHourStopped, pricesAsOf } = plan.cost;
  return {
    endpoints: team.hosts.apply((deployed) => awsEndpoints(plan, deployed)),
    image: team.image,
    homes: team.homes,
    stackId: plan.id,
    region,
    hosts: team.hosts,
    policies: team.policies,
    bucket: team.bucket,
    runbook: team.runbook,
    certificateAuthorities: team.authorities,
    cost: { perHour, perHourStopped, pricesAsOf },
  };
}

let packed: Promise<HostSoftware> | undefined;

/** The host software of this package, as a file for as long as this process runs. */
export function hostSoftware(): Promise<HostSoftware> {
  packed ??= pack(path.join(packageRoot(), "images", "host"));
  return packed;
}

async function pack(folder: string): Promise<HostSoftware> {
  const { sha256, bytes } = await hostBundle(folder);
  const place = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-bundle-"));
  process.once("exit", () => fs.rmSync(place, { recursive: true, force: true }));
  const file = path.join(place, `${sha256}.tar.gz`);
  fs.writeFileSync(file, bytes);
  const userData = fs.readFileSync(path.join(folder, "user-data.sh"), "utf8");
  return { bundle: { sha256, file }, userData };
}
