import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { PlannedSubnet, PlannedVpc } from "../plan/aws/model";
import { directRules } from "./directRules";

/** Arguments of `GpuNetwork`. Plain, since they decide which resources exist. */
export interface GpuNetworkArgs extends PlannedVpc {
  /** AWS region, which names the services of endpoints. */
  readonly region: string;
  /** IPv4 ranges that may reach `directPorts` from outside. Default: none, and then there is no inbound rule. */
  readonly directFrom?: readonly string[];
  /** Ports that are open to `directFrom`: first and last. */
  readonly directPorts?: readonly { readonly from: number; readonly to: number }[];
}

const EVERYWHERE = "0.0.0.0/0";

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
      const vpc = this.vpc(args);
      this.vpcId = vpc.id;
      this.subnetIds = this.subnets(args, vpc);
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

  private vpc({ range }: GpuNetworkArgs): aws.ec2.Vpc {
    const vpc = new aws.ec2.Vpc(
      `${this.label}-vpc`,
      {
        cidrBlock: range,
        enableDnsSupport: true,
        enableDnsHostnames: true,
        tags: this.named("vpc"),
      },
      { parent: this },
    );
    // Without rules: what is put into it by mistake can neither be reached nor reach anything.
    new aws.ec2.DefaultSecurityGroup(
      `${this.label}-default`,
      { vpcId: vpc.id, tags: this.named("default-unused") },
      { parent: this },
    );
    return vpc;
  }

  private subnets(args: GpuNetworkArgs, vpc: aws.ec2.Vpc): Record<string, pulumi.Output<string>> {
    const table = this.routeTable("hosts", vpc);
    const subnets = args.subnets.map((planned) => {
      const subnet = this.subnet(`subnet-${planned.key}`, planned, vpc);
      this.associate(`subnet-${planned.key}`, subnet, table);
      return [planned.zone, subnet.id] as const;
    });
    // Free, and keeps image layers off NAT and the internet.
    new aws.ec2.VpcEndpoint(
      `${this.label}-s3`,
      {
        vpcId: vpc.id,
        serviceName: `com.amazonaws.${args.region}.s3`,
        vpcEndpointType: "Gateway",
        routeTableIds: [table.id],
        tags: this.named("s3"),
      },
      { parent: this },
    );
    this.wayOut(args, vpc, table);
    return Object.fromEntries(subnets);
  }

  private wayOut(args: GpuNetworkArgs, vpc: aws.ec2.Vpc, hosts: aws.ec2.RouteTable): void {
    if (args.egress !== "internet-gateway" && args.egress !== "nat") return;
    const gateway = new aws.ec2.InternetGateway(
      `${this.label}-internet`,
      { vpcId: vpc.id, tags: this.named("internet") },
      { parent: this },
    );
    if (args.egress === "internet-gateway") {
      this.route("hosts", hosts, { gatewayId: gateway.id });
      return;
    }
    if (args.natSubnet === undefined) throw new Error("a NAT gateway needs a public subnet");
    const table = this.routeTable("public", vpc);
    const internet = this.route("public", table, { gatewayId: gateway.id });
    const subnet = this.subnet("subnet-nat", args.natSubnet, vpc);
    this.associate("subnet-nat", subnet, table);
    const address = new aws.ec2.Eip(
      `${this.label}-nat`,
      { domain: "vpc", tags: this.named("nat") },
      { parent: this, dependsOn: [gateway] },
    );
    const nat = new aws.ec2.NatGateway(
      `${this.label}-nat`,
      { subnetId: subnet.id, allocationId: address.id, tags: this.named("nat") },
      { parent: this, dependsOn: [internet] },
    );
    this.route("hosts", hosts, { natGatewayId: nat.id });
  }

  private subnet(what: string, { zone, cidr }: PlannedSubnet, vpc: aws.ec2.Vpc): aws.ec2.Subnet {
    return new aws.ec2.Subnet(
      `${this.label}-${what}`,
      {
        vpcId: vpc.id,
        availabilityZone: zone,
        cidrBlock: cidr,
        // A host asks for its public address itself.
        mapPublicIpOnLaunch: false,
        tags: this.named(what),
      },
      { parent: this },
    );
  }

  private routeTable(what: string, vpc: aws.ec2.Vpc): aws.ec2.RouteTable {
    return new aws.ec2.RouteTable(
      `${this.label}-${what}`,
      { vpcId: vpc.id, tags: this.named(what) },
      { parent: this },
    );
  }

  private associate(what: string, subnet: aws.ec2.Subnet, table: aws.ec2.RouteTable): void {
    new aws.ec2.RouteTableAssociation(
      `${this.label}-${what}`,
      { subnetId: subnet.id, routeTableId: table.id },
      { parent: this },
    );
  }

  private route(
    what: string,
    table: aws.ec2.RouteTable,
    target: Pick<aws.ec2.RouteArgs, "gatewayId" | "natGatewayId">,
  ): aws.ec2.Route {
    return new aws.ec2.Route(
      `${this.label}-${what}`,
      { routeTableId: table.id, destinationCidrBlock: EVERYWHERE, ...target },
      { parent: this },
    );
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
          subnetIds: Object.values(this.subnetIds),
          securityGroupIds: [group.id],
          privateDnsEnabled: true,
          tags: this.named(service),
        },
        { parent: this },
      );
    }
  }
}
