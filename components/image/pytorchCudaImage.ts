import * as fs from "node:fs";
import * as path from "node:path";
import * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";
import { packageRoot } from "../lookups/paths";

/** Arguments of `PyTorchCudaImage`. */
export interface PyTorchCudaImageArgs {
  /** Repository that the tags are made in, with its registry where it is pushed: `registry.example.com/ml/pytorch-cuda`. */
  repository: pulumi.Input<string>;
  /** Tag that never moves: it stands for everything that goes into the build. */
  immutableTag: string;
  /** Tags that move with rebuilds, such as `2.6-cuda12.4`. Default: none. */
  movingTags?: readonly string[];
  /** Build arguments of `images/pytorch-cuda/Dockerfile`. Default: the Dockerfile's own. */
  buildArgs?: Readonly<Record<string, string>>;
  /** Push to the repository's registry. Default false. */
  push?: boolean;
  /** Login to that registry. Default: the Docker client's own. */
  login?: pulumi.Input<RegistryLogin>;
  /** PEM file with more CA certificates for the build, where a proxy inspects TLS. Default: none. */
  extraCa?: string;
  /**
   * The provider tells an image's ID while it is unpushed, as gpudev's bundled one does;
   * then `reference` is that ID, else the tag that never moves. Default true.
   */
  byImageId?: boolean;
}

/** Login to an image registry. */
export interface RegistryLogin {
  /** Host name of the registry. */
  address: string;
  username: string;
  /** Kept as a secret. */
  password: string;
}

/** The PyTorch-CUDA image: built, tagged and, where asked, pushed. */
export class PyTorchCudaImage extends pulumi.ComponentResource {
  /** What containers run: `repository@digest` where pushed, else the image's ID or its immutable tag. */
  public readonly reference: pulumi.Output<string>;
  /** The registry's digest where pushed, else the image's ID. */
  public readonly digest: pulumi.Output<string>;
  /** All tags, the one that never moves first. */
  public readonly tags: pulumi.Output<string[]>;

  /** @throws Error where the file of more CA certificates cannot be read. */
  constructor(name: string, args: PyTorchCudaImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpudev:index:PyTorchCudaImage", name, {}, opts);
    const push = args.push ?? false;
    const repository = pulumi.output(args.repository);
    const tags = repository.apply((known) => imageTags({ ...args, repository: known }));
    const context = path.join(packageRoot(), "images", "pytorch-cuda");
    const image = new dockerBuild.Image(
      `${name}-build`,
      {
        context: { location: context },
        dockerfile: { location: path.join(context, "Dockerfile") },
        buildArgs: { ...args.buildArgs },
        tags,
        push,
        load: !push,
        // A preview must be quick; what it would build is in the tag.
        buildOnPreview: false,
        ...secretArgs(args.extraCa),
        ...(args.login === undefined ? {} : { registries: [pulumi.secret(args.login)] }),
      },
      { parent: this },
    );
    this.digest = image.digest;
    this.tags = tags;
    this.reference = pulumi
      .all([repository, tags, image.digest])
      .apply(([known, named, digest]) =>
        imageReference({ repository: known, tags: named, push, digest, byId: args.byImageId }),
      );
    this.registerOutputs({ reference: this.reference, digest: this.digest, tags: this.tags });
  }
}

/** The image's tags in full, the one that never moves first. */
export function imageTags(
  args: Pick<PyTorchCudaImageArgs, "immutableTag" | "movingTags"> & {
    readonly repository: string;
  },
): string[] {
  return [args.immutableTag, ...(args.movingTags ?? [])].map((tag) => `${args.repository}:${tag}`);
}

/** What containers run of a built image: never a tag that moves. */
export function imageReference(built: {
  readonly repository: string;
  readonly tags: readonly string[];
  readonly push: boolean;
  readonly digest: string;
  readonly byId: boolean | undefined;
}): string {
  if (built.push) return `${built.repository}@${built.digest}`;
  return built.byId === false ? (built.tags[0] ?? built.digest) : built.digest;
}

/** A CA is no secret, but the build's secret mount is the one way in that leaves no trace in the image. */
function secretArgs(
  extraCa: string | undefined,
): Pick<dockerBuild.ImageArgs, "secrets" | "ignoreSecretsInDiffCalculation"> {
  if (extraCa === undefined) return {};
  return {
    secrets: { ca: pulumi.secret(fs.readFileSync(extraCa, "utf8")) },
    ignoreSecretsInDiffCalculation: ["ca"],
  };
}
