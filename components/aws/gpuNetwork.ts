import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { PlannedVpc } from "../plan/aws/model";
import { directRules } from "./directRules";
import { EVERYWHERE, OwnVpc } from "./ownVpc";

/** Arguments of `GpuNetwork`. Plain, since they decide which resources exist. */
export interface GpuNetworkArgs extends PlannedVpc {
  /** AWS region, which names the services of endpoints. */
  readonly region: string;
  /** IPv4 ranges that may reach `directPorts` from outside. Default: none, and then there is no inbound rule. */
  readonly directFrom?: readonly string[];
  /** Ports that are open to `directFrom`: first and last. */
  readonly directPorts?: readonly { readonly from: number; readonly to: number }[];
}

/**
 * Where GPU hosts stand: a small VPC over the given zones, or one that exists. Hosts get a
 * security group without an inbound rule, unless ranges are named that may come in directly.
 * Let hosts depend on this component: they need its routes and endpoints to reach anything.
 */
export class GpuNetwork extends pulumi.ComponentResource {
  public readonly vpcId: pulumi.Output<string>;
  /** Subnets for hosts by availability zone. */
  public readonly subnetIds: Readonly<Record<string, pulumi.Output<string>>>;
  /** Group of the hosts. */
  public readonly securityGroupId: pulumi.Output<string>;

  constructor(
    private readonly label: string,
    args: GpuNetworkArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("gpudev:index:GpuNetwork", label, {}, opts);
    if (args.vpcId === undefined) {
      const own = new OwnVpc(label, this, args);
      this.vpcId = own.id;
      this.subnetIds = own.subnetIds;
    } else {
      this.vpcId = pulumi.output(args.vpcId);
      this.subnetIds = Object.fromEntries(
        Object.entries(args.existingSubnets).map(([zone, id]) => [zone, pulumi.output(id)]),
      );
    }
    const group = this.hostsGroup(args);
    this.securityGroupId = group.id;
    if (args.vpcId === undefined) this.interfaceEndpoints(args, group);
    this.registerOutputs({
      vpcId: this.vpcId,
      subnetIds: this.subnetIds,
      securityGroupId: this.securityGroupId,
    });
  }

  private named(what: string): { readonly Name: string } {
    return { Name: `${this.label}-${what}` };
  }

  private group(what: string, description: string): aws.ec2.SecurityGroup {
    return new aws.ec2.SecurityGroup(
      `${this.label}-${what}`,
      // Another description would replace the group, and hosts hold on to it.
      { vpcId: this.vpcId, description, tags: this.named(what) },
      { parent: this },
    );
  }

  private hostsGroup(args: GpuNetworkArgs): aws.ec2.SecurityGroup {
    const group = this.group("hosts", "GPU hosts of gpudev");
    new aws.vpc.SecurityGroupEgressRule(
      `${this.label}-out`,
      {
        securityGroupId: group.id,
        ipProtocol: "-1",
        cidrIpv4: EVERYWHERE,
        description: "Anything that hosts ask for",
      },
      { parent: this },
    );
    for (const { key, ...rule } of directRules(args.directFrom ?? [], args.directPorts ?? [])) {
      new aws.vpc.SecurityGroupIngressRule(
        `${this.label}-${key}`,
        { securityGroupId: group.id, ...rule },
        { parent: this },
      );
    }
    return group;
  }

  private interfaceEndpoints(args: GpuNetworkArgs, hosts: aws.ec2.SecurityGroup): void {
    if (args.interfaceEndpoints.length === 0) return;
    const subnetIds = args.endpointZones.flatMap((zone) => this.subnetIds[zone] ?? []);
    const group = this.group("endpoints", "Endpoints of AWS services for GPU hosts of gpudev");
    new aws.vpc.SecurityGroupIngressRule(
      `${this.label}-endpoints`,
      {
        securityGroupId: group.id,
        referencedSecurityGroupId: hosts.id,
        ipProtocol: "tcp",
        fromPort: 443,
        toPort: 443,
        description: "AWS services, for hosts alone",
      },
      { parent: this },
    );
    for (const service of args.interfaceEndpoints) {
      new aws.ec2.VpcEndpoint(
        `${this.label}-${service.replaceAll(".", "-")}`,
        {
          vpcId: this.vpcId,
          serviceName: `com.amazonaws.${args.region}.${service}`,
          vpcEndpointType: "Interface",
          subnetIds,
          securityGroupIds: [group.id],
          privateDnsEnabled: true,
          tags: this.named(service),
        },
        { parent: this },
      );
    }
  }
}
