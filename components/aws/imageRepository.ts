import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** Arguments of `ImageRepository`. */
export interface ImageRepositoryArgs {
  /** Name of the ECR repository. */
  readonly name: string;
  /** It exists already and is only used: nothing of it is changed. Default false. */
  readonly existing?: boolean;
  /** Tags that may move; at most five. Every other tag is immutable. Default: none. */
  readonly movingTags?: readonly string[];
}

/** Days after which an image that no tag names any more goes. */
const UNTAGGED_DAYS = 14;

/**
 * Lifecycle rules of the repository. Only images without any tag expire: whatever was ever
 * deployed or recorded has a tag that cannot move, so that no digest in use is lost. ECR keeps
 * the parts of an image that has a tag.
 */
export function lifecycleRules(): string {
  return JSON.stringify({
    rules: [
      {
        rulePriority: 1,
        description: "Images that no tag names any more",
        selection: {
          tagStatus: "untagged",
          countType: "sinceImagePushed",
          countUnit: "days",
          countNumber: UNTAGGED_DAYS,
        },
        action: { type: "expire" },
      },
    ],
  });
}

/** Where a stack's image is pushed and pulled from: encrypted, scanned, with tags that do not move. */
export class ImageRepository extends pulumi.ComponentResource {
  /** Repository with its registry: `123456789012.dkr.ecr.eu-west-1.amazonaws.com/gpudev-vision`. */
  public readonly repositoryUrl: pulumi.Output<string>;
  public readonly arn: pulumi.Output<string>;
  /** Host name of the registry. */
  public readonly registry: pulumi.Output<string>;

  constructor(name: string, args: ImageRepositoryArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpudev:index:ImageRepository", name, {}, opts);
    const repository =
      args.existing === true
        ? aws.ecr.getRepositoryOutput({ name: args.name }, { parent: this })
        : this.repository(name, args);
    this.repositoryUrl = repository.repositoryUrl;
    this.arn = repository.arn;
    this.registry = this.repositoryUrl.apply((url) => url.split("/")[0] ?? url);
    this.registerOutputs({ repositoryUrl: this.repositoryUrl, arn: this.arn });
  }

  private repository(name: string, { name: physical, movingTags }: ImageRepositoryArgs) {
    const moving = movingTags ?? [];
    const repository = new aws.ecr.Repository(
      `${name}-images`,
      {
        name: physical,
        imageTagMutability: moving.length === 0 ? "IMMUTABLE" : "IMMUTABLE_WITH_EXCLUSION",
        ...(moving.length === 0
          ? {}
          : {
              imageTagMutabilityExclusionFilters: moving.map((filter) => ({
                filter,
                filterType: "WILDCARD",
              })),
            }),
        imageScanningConfiguration: { scanOnPush: true },
        encryptionConfigurations: [{ encryptionType: "AES256" }],
        // What is in it can be built again, and a stack that ends must not fail on it.
        forceDelete: true,
      },
      { parent: this, deleteBeforeReplace: true },
    );
    new aws.ecr.LifecyclePolicy(
      `${name}-lifecycle`,
      { repository: repository.name, policy: lifecycleRules() },
      { parent: this },
    );
    return repository;
  }
}
