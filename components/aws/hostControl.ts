import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { applyDocument } from "./applyDocument";
import { bucketPolicy } from "./hostPolicy";
import { switchDocument } from "./switchDocument";

/** Arguments of `HostControl`. */
export interface HostControlArgs {
  readonly region: string;
  /** The archive of the host software. */
  readonly bundle: BundleFile;
  /** Physical name of the document that starts and stops environments: `gpudev` calls it by that. */
  readonly switchName: string;
}

/** The host software as a file of this machine. */
export interface BundleFile {
  readonly sha256: string;
  /** Path of the archive; what counts is its content. */
  readonly file: string;
}

/**
 * What a stack's hosts are steered by: a private bucket with the host software and each host's
 * document, the SSM document that makes a host apply its own, and the one that starts and stops
 * single environments.
 */
export class HostControl extends pulumi.ComponentResource {
  /** Name of the bucket: `bundle/`, `documents/` and `verdicts/`. */
  public readonly bucket: pulumi.Output<string>;
  /** Name of the SSM document that applies. */
  public readonly applyDocument: pulumi.Output<string>;
  /** SHA-256 of the host software. */
  public readonly bundle: string;

  constructor(
    private readonly label: string,
    args: HostControlArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("gpudev:index:HostControl", label, {}, opts);
    const bucket = this.makeBucket(args.region);
    this.bucket = bucket.bucket;
    this.bundle = args.bundle.sha256;
    new aws.s3.BucketObjectv2(
      `${label}-bundle`,
      {
        bucket: bucket.bucket,
        key: `bundle/${args.bundle.sha256}.tar.gz`,
        source: new pulumi.asset.FileAsset(args.bundle.file),
        contentType: "application/gzip",
        // S3 takes ten tags on an object, and a stack may have more.
        overrideProvider: { defaultTags: { tags: {} } },
      },
      // Older hosts' user data names older bundles, which go with the bucket.
      { parent: this, retainOnDelete: true },
    );
    this.applyDocument = new aws.ssm.Document(
      `${label}-apply`,
      { documentType: "Command", documentFormat: "JSON", content: applyDocument() },
      { parent: this },
    ).name;
    new aws.ssm.Document(
      `${label}-switch`,
      {
        name: args.switchName,
        documentType: "Command",
        documentFormat: "JSON",
        content: switchDocument(),
      },
      { parent: this, deleteBeforeReplace: true },
    );
    this.registerOutputs({ bucket: this.bucket, applyDocument: this.applyDocument });
  }

  private makeBucket(region: string): aws.s3.Bucket {
    // Holds nothing that cannot be written again; S3 encrypts every object by itself.
    const bucket = new aws.s3.Bucket(
      `${this.label}-hosts`,
      { forceDestroy: true },
      { parent: this },
    );
    const closed = new aws.s3.BucketPublicAccessBlock(
      `${this.label}-hosts`,
      {
        bucket: bucket.bucket,
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      },
      { parent: this },
    );
    new aws.s3.BucketPolicy(
      `${this.label}-hosts`,
      {
        bucket: bucket.bucket,
        policy: bucket.bucket.apply((name) => bucketPolicy(region, name)),
      },
      // S3 takes one change of a bucket's access at a time.
      { parent: this, dependsOn: [closed] },
    );
    return bucket;
  }
}
