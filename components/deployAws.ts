import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { hostBundle } from "./aws/hostBundle";
import type { BundleFile } from "./aws/hostControl";
import { ImageRepository } from "./aws/imageRepository";
import { TeamEnvironment, type DeployedHost } from "./aws/teamEnvironment";
import { awsEndpoints } from "./endpoints";
import type { Endpoint } from "./endpoints";
import { PyTorchCudaImage } from "./image/pytorchCudaImage";
import { packageRoot } from "./lookups/paths";
import type { AwsPlan, PlannedRepository } from "./plan/aws/model";

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
}

/**
 * Turns a plan for EC2 into resources. Call it inside a Pulumi program, with a plan that has no
 * error among its findings; it decides nothing that the plan could have decided.
 */
export async function deployAws(plan: AwsPlan): Promise<AwsOutputs> {
  const provider = new aws.Provider("aws", {
    region: plan.region as aws.Region,
    ...(plan.allowedAccounts.length === 0 ? {} : { allowedAccountIds: [...plan.allowedAccounts] }),
    defaultTags: { tags: { ...plan.tags } },
  });
  const hosts = path.join(packageRoot(), "images", "host");
  const { image, repositoryArn } = imageOf(plan, provider);
  const team = new TeamEnvironment(
    "gpudev",
    {
      plan,
      image,
      ...(repositoryArn === undefined ? {} : { repositoryArn }),
      bundle: await bundleFile(hosts),
      userData: fs.readFileSync(path.join(hosts, "user-data.sh"), "utf8"),
    },
    { providers: [provider] },
  );
  return {
    endpoints: team.hosts.apply((deployed) => awsEndpoints(plan, deployed)),
    image,
    homes: team.homes,
    stackId: plan.id,
    region: plan.region,
    hosts: team.hosts,
    policies: team.policies,
    bucket: team.bucket,
    runbook: team.runbook,
  };
}

interface DeployedImage {
  readonly image: pulumi.Output<string>;
  readonly repositoryArn?: pulumi.Output<string>;
}

/** The image, built here and pushed in the same run; hosts take it by digest. */
function imageOf({ image, repository }: AwsPlan, provider: aws.Provider): DeployedImage {
  if (image.existing !== undefined || repository === undefined) {
    return { image: pulumi.output(image.existing ?? "") };
  }
  const { repositoryUrl, arn, registry } = repositoryOf(repository, provider);
  const token = aws.ecr.getAuthorizationTokenOutput({}, { provider });
  const { immutableTag, movingTags, buildArgs, extraCa } = image;
  const built = new PyTorchCudaImage("image", {
    repository: repositoryUrl,
    immutableTag,
    movingTags,
    buildArgs,
    push: true,
    login: pulumi
      .all([registry, token])
      .apply(([address, { userName, password }]) => ({ address, username: userName, password })),
    ...(extraCa === undefined ? {} : { extraCa }),
  });
  return { image: built.reference, repositoryArn: arn };
}

function repositoryOf(planned: PlannedRepository, provider: aws.Provider): ImageRepository {
  const { name, existing, movingTags } = planned;
  return new ImageRepository(
    "repository",
    { name, existing, movingTags },
    { providers: [provider] },
  );
}

/** The host software as a file, for as long as the program runs. */
async function bundleFile(folder: string): Promise<BundleFile> {
  const { sha256, bytes } = await hostBundle(folder);
  const place = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-bundle-"));
  process.once("exit", () => fs.rmSync(place, { recursive: true, force: true }));
  const file = path.join(place, `${sha256}.tar.gz`);
  fs.writeFileSync(file, bytes);
  return { sha256, file };
}
