import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { hostDocument, hostDocumentText } from "../plan/aws/hostDocument";
import type { HostDraft } from "../plan/aws/documentModel";
import type { AwsPlan, PlannedHost } from "../plan/aws/model";
import { Access } from "./access";
import { GpuHost } from "./gpuHost";
import { GpuNetwork } from "./gpuNetwork";
import { HomeStorage } from "./homeStorage";
import { HostControl, type BundleFile } from "./hostControl";
import { Lifetime } from "./lifetime";
import { repositoryArnOf } from "./repositoryArn";
import { renderUserData } from "./userData";

/** Arguments of `TeamEnvironment`. */
export interface TeamEnvironmentArgs {
  /** The whole decision, without an error among its findings. Plain, since it decides which resources exist. */
  readonly plan: AwsPlan;
  /** Image by digest. */
  readonly image: pulumi.Input<string>;
  /** ECR repository that hosts pull it from. Default: read off the image. */
  readonly repositoryArn?: pulumi.Input<string>;
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
 * A team's GPU hosts on EC2 with everything around them: network, homes, the hosts themselves with
 * their documents, ways in, and when it all stops. It decides nothing that the plan has not.
 */
export class TeamEnvironment extends pulumi.ComponentResource {
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

  private readonly account: pulumi.Output<string>;
  private readonly network: GpuNetwork;
  private readonly control: HostControl;
  private readonly storage: HomeStorage;

  constructor(
    private readonly label: string,
    private readonly args: TeamEnvironmentArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("gpudev:index:TeamEnvironment", label, {}, opts);
    const { plan, bundle } = args;
    const parent = { parent: this };
    this.account = aws.getCallerIdentityOutput({}, parent).accountId;
    this.network = new GpuNetwork(
      `${label}-network`,
      {
        ...plan.network,
        region: plan.region,
        directFrom: plan.access.directFrom,
        directPorts: plan.access.directPorts,
      },
      parent,
    );
    this.control = new HostControl(`${label}-control`, { region: plan.region, bundle }, parent);
    this.storage = this.homeStorage();
    const hosts = plan.hosts.map((host) => [host, this.host(host)] as const);
    const access = this.access();
    const lifetime = this.lifetime(hosts.map(([, host]) => host.instanceId));

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
    this.registerOutputs({
      hosts: this.hosts,
      homes: this.homes,
      bucket: this.bucket,
      runbook: this.runbook,
    });
  }

  private boundary(): { readonly permissionsBoundary?: string } {
    const { permissionsBoundary } = this.args.plan;
    return permissionsBoundary === undefined ? {} : { permissionsBoundary };
  }

  private homeStorage(): HomeStorage {
    const { plan } = this.args;
    return new HomeStorage(
      `${this.label}-homes`,
      {
        ...plan.homes,
        ...this.boundary(),
        region: plan.region,
        account: this.account,
        stackId: plan.id,
        tags: plan.tags,
        vpcId: this.network.vpcId,
        subnetIds: this.network.subnetIds,
        hostsGroupId: this.network.securityGroupId,
      },
      { parent: this },
    );
  }

  private host(host: PlannedHost): GpuHost {
    const { plan, image, bundle, userData } = this.args;
    const { bucket, applyDocument } = this.control;
    const { fileSystem, volumeIds } = this.storage;
    const subnetId = this.network.subnetIds[host.zone];
    const draft = plan.documents.find((one) => one.host === host.name);
    if (subnetId === undefined || draft === undefined) {
      throw new Error(`the plan has no subnet or no document for ${host.name}`);
    }
    const volumeId = volumeIds[host.name];
    return new GpuHost(
      `${this.label}-${host.name}`,
      {
        host: host.name,
        instanceType: host.type.type,
        spot: host.market === "spot",
        zone: host.zone,
        rootGiB: host.rootGiB,
        publicAddress: !plan.network.private,
        fixedAddress: plan.access.directFrom.length > 0 && !plan.network.private,
        ...(host.capacityBlock === undefined ? {} : { capacityBlock: host.capacityBlock }),
        ...(host.capacityReservation === undefined
          ? {}
          : { capacityReservation: host.capacityReservation }),
        ...this.boundary(),
        tags: { ...plan.tags, "gpudev:host": String(host.index) },
        region: plan.region,
        account: this.account,
        ami:
          plan.ami.id ??
          aws.ssm.getParameterOutput({ name: plan.ami.parameter }, { parent: this }).insecureValue,
        subnetId,
        securityGroupId: this.network.securityGroupId,
        userData: bucket.apply((name) =>
          renderUserData(userData, {
            bucket: name,
            prefix: "",
            region: plan.region,
            bundle: bundle.sha256,
            host: host.name,
          }),
        ),
        bucket,
        applyDocument,
        bundle: bundle.sha256,
        document: this.document(draft),
        parameters: draft.parameters,
        data: draft.data,
        repositoryArn: this.args.repositoryArn ?? pulumi.output(image).apply(repositoryArnOf),
        ...(volumeId === undefined ? {} : { homesVolumeId: volumeId }),
        ...(fileSystem === undefined
          ? {}
          : { fileSystemArn: fileSystem.arn, accessPointArns: fileSystem.accessPointArns }),
        wait: plan.wait,
      },
      // Without routes, endpoints and bundle a host would boot into nothing.
      {
        parent: this,
        dependsOn: [this.network, this.control, ...(fileSystem?.mountTargets ?? [])],
      },
    );
  }

  private document(draft: HostDraft): pulumi.Output<{ text: string; version: string }> {
    const { fileSystem } = this.storage;
    const efs =
      fileSystem === undefined
        ? undefined
        : pulumi.output({ fileSystem: fileSystem.id, accessPoints: fileSystem.accessPoints });
    return pulumi.output({ image: this.args.image, efs }).apply(({ image, efs: homes }) => {
      const document = hostDocument(draft, {
        image,
        ...(homes === undefined ? {} : { efs: homes }),
      });
      return { text: hostDocumentText(document), version: document.version };
    });
  }

  private access(): Access {
    const { plan } = this.args;
    const paths = new Map(plan.documents.map(({ host, parameters }) => [host, parameters]));
    const names = new Map(plan.hosts.map(({ index, name }) => [index, name]));
    return new Access(
      `${this.label}-access`,
      {
        region: plan.region,
        account: this.account,
        stackId: plan.id,
        documents: plan.access.documents,
        principals: plan.access.principals,
        users: plan.environments.map(({ user, seat, host }) => ({
          user,
          slot: seat.slot,
          host,
          parameters: `${paths.get(names.get(host) ?? "") ?? plan.access.parameterPrefix}/${user}`,
        })),
      },
      { parent: this },
    );
  }

  private lifetime(instanceIds: readonly pulumi.Output<string>[]): Lifetime {
    const { plan } = this.args;
    const { until, ended, hours, budget } = plan.lifetime;
    return new Lifetime(
      `${this.label}-lifetime`,
      {
        region: plan.region,
        account: this.account,
        stackId: plan.id,
        ended,
        ...(until === undefined ? {} : { until }),
        ...(hours === undefined ? {} : { hours }),
        ...(budget === undefined ? {} : { budget }),
        instanceIds,
        homesOnVolumes: plan.homes.kind === "volume",
        ...this.boundary(),
      },
      { parent: this },
    );
  }
}
