import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { PyTorchCudaImage } from "../image/pytorchCudaImage";
import { switchDocumentName } from "../plan/aws/awsNames";
import { hostDocument, hostDocumentText } from "../plan/aws/hostDocument";
import type { AwsPlan, PlannedHost } from "../plan/aws/model";
import { Access } from "./access";
import { DataAccess } from "./dataAccess";
import { directAuthority, type DirectAuthority } from "./directAuthority";
import { GpuHost } from "./gpuHost";
import { GpuNetwork } from "./gpuNetwork";
import { HomeStorage } from "./homeStorage";
import type { HomesFileSystem } from "./homesFileSystem";
import { HostControl, type BundleFile } from "./hostControl";
import { ImageRepository } from "./imageRepository";
import { Lifetime } from "./lifetime";
import { noCapacity } from "./noCapacity";
import { repositoryArnOf } from "./repositoryArn";
import {
  accessUsers,
  authorityFolder,
  boundaryOf,
  documentOf,
  hostOf,
  lifetimeOf,
  networkOf,
} from "./teamParts";
import { renderUserData } from "./userData";

/** Arguments of `TeamEnvironment`. */
export interface TeamEnvironmentArgs {
  /** The whole decision, without an error among its findings. Plain, since it decides which resources exist. */
  readonly plan: AwsPlan;
  /** Archive of the host software. */
  readonly bundle: BundleFile;
  /** Text of `images/host/user-data.sh`. */
  readonly userData: string;
}

/** A host as it came to be. */
export interface DeployedHost {
  readonly instanceId: string;
  /** Public address, or the private one. */
  readonly address: string;
  readonly zone: string;
}

/**
 * A team's GPU hosts on EC2 with everything around them: image, network, homes, the hosts
 * themselves with their documents, ways in, and when it all stops. It decides nothing that the
 * plan has not.
 */
export class TeamEnvironment extends pulumi.ComponentResource {
  /** Image that the environments run, by digest. */
  public readonly image: pulumi.Output<string>;
  /** Hosts by name. */
  public readonly hosts: pulumi.Output<Record<string, DeployedHost>>;
  /** Homes volumes by host, or the EFS access points by user. */
  public readonly homes: pulumi.Output<Record<string, string>>;
  /** IAM policies by user, as JSON. */
  public readonly policies: pulumi.Output<Record<string, string>>;
  /** Bucket of the hosts' documents and verdicts. */
  public readonly bucket: pulumi.Output<string>;
  /** SSM Automation runbook that ends the hosts. */
  public readonly runbook: pulumi.Output<string>;
  /** Private CAs by host, where users come in directly and without a domain; a host that has published none yet is left out. */
  public readonly authorities: pulumi.Output<Record<string, DirectAuthority>>;

  private readonly account: pulumi.Output<string>;
  private readonly network: GpuNetwork;
  private readonly control: HostControl;
  private readonly storage: HomeStorage;
  private readonly dataRole: pulumi.Output<string> | undefined;

  constructor(
    private readonly label: string,
    private readonly args: TeamEnvironmentArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("gpudev:index:TeamEnvironment", label, {}, opts);
    const { plan, bundle } = args;
    const { region, id: stackId } = plan;
    const parent = { parent: this };
    const account = aws.getCallerIdentityOutput({}, parent).accountId;
    this.account = account;
    this.image = this.makeImage();
    this.network = new GpuNetwork(`${label}-network`, networkOf(plan), parent);
    const switchName = switchDocumentName(plan.prefix);
    this.control = new HostControl(`${label}-control`, { region, bundle, switchName }, parent);
    this.storage = this.homeStorage();
    this.dataRole = this.dataAccess()?.roleArn;
    const onInstanceError = plan.hosts.length === 0 ? undefined : noCapacity(label);
    const hosts = plan.hosts.map((host) => [host, this.host(host, onInstanceError)] as const);
    const { documents, principals } = plan.access;
    const access = new Access(
      `${label}-access`,
      { region, account, stackId, documents, principals, users: accessUsers(plan) },
      parent,
    );
    const instances = Object.fromEntries(
      hosts.map(([{ name }, { instanceId }]) => [name, instanceId]),
    );
    const lifetime = new Lifetime(
      `${label}-lifetime`,
      { ...lifetimeOf(plan), account, instances },
      parent,
    );

    this.hosts = pulumi.output(
      Object.fromEntries(
        hosts.map(([{ name, zone }, { instanceId, address }]) => [
          name,
          { instanceId, address, zone },
        ]),
      ),
    );
    this.homes = this.storage.fileSystem?.accessPoints ?? pulumi.all(this.storage.volumeIds);
    this.policies = access.policies;
    this.bucket = this.control.bucket;
    this.runbook = lifetime.runbook;
    this.authorities = this.readAuthorities(hosts);
    this.registerOutputs({
      image: this.image,
      hosts: this.hosts,
      homes: this.homes,
      bucket: this.bucket,
      runbook: this.runbook,
    });
  }

  /** The image, built here and pushed in the same run, or one that exists. */
  private makeImage(): pulumi.Output<string> {
    const { image, repository: planned } = this.args.plan;
    if (image.existing !== undefined) return pulumi.output(image.existing);
    if (planned === undefined) throw new Error("the plan has neither an image nor a repository");
    const parent = { parent: this };
    const repository = new ImageRepository(`${this.label}-repository`, planned, parent);
    const token = aws.ecr.getAuthorizationTokenOutput({}, parent);
    const { immutableTag, movingTags, buildArgs, extraCa } = image;
    return new PyTorchCudaImage(
      `${this.label}-image`,
      {
        repository: repository.repositoryUrl,
        immutableTag,
        movingTags,
        buildArgs,
        push: true,
        login: pulumi
          .all([repository.registry, token])
          .apply(([address, { userName, password }]) => ({
            address,
            username: userName,
            password,
          })),
        ...(extraCa === undefined ? {} : { extraCa }),
      },
      parent,
    ).reference;
  }

  private homeStorage(): HomeStorage {
    const { plan } = this.args;
    const { vpcId, subnetIds, securityGroupId: hostsGroupId } = this.network;
    return new HomeStorage(
      `${this.label}-homes`,
      {
        ...plan.homes,
        ...boundaryOf(plan),
        region: plan.region,
        account: this.account,
        stackId: plan.id,
        tags: plan.tags,
        vpcId,
        subnetIds,
        hostsGroupId,
      },
      { parent: this },
    );
  }

  private dataAccess(): DataAccess | undefined {
    const { plan } = this.args;
    const { region, id: stackId, data } = plan;
    if (data.length === 0 || plan.hosts.length === 0) return undefined;
    return new DataAccess(
      `${this.label}-data`,
      { region, account: this.account, stackId, data, ...boundaryOf(plan) },
      { parent: this },
    );
  }

  private readAuthorities(
    hosts: readonly (readonly [PlannedHost, GpuHost])[],
  ): TeamEnvironment["authorities"] {
    const found = hosts.flatMap(([{ name }, { ready }]) => {
      const folder = authorityFolder(this.args.plan, name);
      return folder === undefined ? [] : [[name, directAuthority(folder, ready, this)] as const];
    });
    return pulumi.all(Object.fromEntries(found)).apply((all) => {
      const known = Object.entries(all).flatMap(([name, one]) =>
        one === undefined ? [] : [[name, one] as const],
      );
      return Object.fromEntries(known);
    });
  }

  private host(host: PlannedHost, onInstanceError: pulumi.ErrorHook | undefined): GpuHost {
    const { plan, bundle } = this.args;
    const { bucket, applyDocument } = this.control;
    const { fileSystem, volumeIds } = this.storage;
    const subnetId = this.network.subnetIds[host.zone];
    if (subnetId === undefined) throw new Error(`the plan has no subnet in ${host.zone}`);
    const volumeId = volumeIds[host.name];
    return new GpuHost(
      `${this.label}-${host.name}`,
      {
        ...hostOf(plan, host),
        account: this.account,
        ami: host.ami ?? this.ami(),
        subnetId,
        securityGroupId: this.network.securityGroupId,
        userData: this.userData(host),
        bucket,
        applyDocument,
        bundle: bundle.sha256,
        document: this.document(host),
        repositoryArn: this.imageOf(host).apply(repositoryArnOf),
        ...(this.dataRole === undefined ? {} : { dataRoleArn: this.dataRole }),
        ...(onInstanceError === undefined ? {} : { onInstanceError }),
        ...(volumeId === undefined ? {} : { homesVolumeId: volumeId }),
        ...(fileSystem === undefined
          ? {}
          : {
              fileSystemArn: fileSystem.arn,
              accessPointArns: this.pointsOf(host, fileSystem).map(([, { arn }]) => arn),
            }),
      },
      // Without routes, endpoints and bundle a host would boot into nothing.
      {
        parent: this,
        dependsOn: [this.network, this.control, ...(fileSystem?.mountTargets ?? [])],
      },
    );
  }

  /** Access points of the users on one host: it enters no other home. */
  private pointsOf({ users }: PlannedHost, { points }: HomesFileSystem) {
    return users.flatMap((user) => {
      const point = points[user];
      return point === undefined ? [] : [[user, point] as const];
    });
  }

  private ami(): pulumi.Input<string> {
    const { id, parameter: name } = this.args.plan.ami;
    return id ?? aws.ssm.getParameterOutput({ name }, { parent: this }).insecureValue;
  }

  private imageOf({ held }: PlannedHost): pulumi.Output<string> {
    return held === undefined ? this.image : pulumi.output(held.image);
  }

  private userData({ name: host }: PlannedHost): pulumi.Output<string> {
    const { plan, bundle, userData } = this.args;
    const values = { prefix: "", region: plan.region, bundle: bundle.sha256, host };
    return this.control.bucket.apply((bucket) => renderUserData(userData, { ...values, bucket }));
  }

  private document(host: PlannedHost): pulumi.Output<{ text: string; version: string }> {
    const { fileSystem } = this.storage;
    const own = this.imageOf(host);
    const draft = documentOf(this.args.plan, host.name);
    const efs =
      fileSystem === undefined
        ? undefined
        : pulumi.output({
            fileSystem: fileSystem.id,
            accessPoints: Object.fromEntries(
              this.pointsOf(host, fileSystem).map(([user, { id }]) => [user, id]),
            ),
          });
    const roots = { image: own, efs, role: this.dataRole };
    return pulumi.output(roots).apply(({ image, efs: homes, role }) => {
      const document = hostDocument(draft, {
        image,
        ...(role === undefined ? {} : { dataRole: role }),
        ...(homes === undefined ? {} : { efs: homes }),
      });
      return { text: hostDocumentText(document), version: document.version };
    });
  }
}
