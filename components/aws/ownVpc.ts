import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { PlannedSubnet, PlannedVpc } from "../plan/aws/model";

/** Every IPv4 address. */
export const EVERYWHERE = "0.0.0.0/0";

/** A plan's network and its region. */
interface OwnVpcArgs extends PlannedVpc {
  readonly region: string;
}

/** The VPC that a network makes where none is named: subnets, routes, the way out. A part of `GpuNetwork`, not a component. */
export class OwnVpc {
  public readonly id: pulumi.Output<string>;
  /** Subnets for hosts by availability zone. */
  public readonly subnetIds: Readonly<Record<string, pulumi.Output<string>>>;

  constructor(
    private readonly label: string,
    private readonly parent: pulumi.Resource,
    args: OwnVpcArgs,
  ) {
    const vpc = this.vpc(args);
    this.id = vpc.id;
    this.subnetIds = this.subnets(args, vpc);
  }

  private named(what: string): { readonly Name: string } {
    return { Name: `${this.label}-${what}` };
  }

  private vpc({ range }: OwnVpcArgs): aws.ec2.Vpc {
    const vpc = new aws.ec2.Vpc(
      `${this.label}-vpc`,
      {
        cidrBlock: range,
        enableDnsSupport: true,
        enableDnsHostnames: true,
        tags: this.named("vpc"),
      },
      { parent: this.parent },
    );
    // Without rules: what is put into it by mistake can neither be reached nor reach anything.
    new aws.ec2.DefaultSecurityGroup(
      `${this.label}-default`,
      { vpcId: vpc.id, tags: this.named("default-unused") },
      { parent: this.parent },
    );
    return vpc;
  }

  private subnets(args: OwnVpcArgs, vpc: aws.ec2.Vpc): Record<string, pulumi.Output<string>> {
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
      { parent: this.parent },
    );
    this.wayOut(args, vpc, table);
    return Object.fromEntries(subnets);
  }

  private wayOut(args: OwnVpcArgs, vpc: aws.ec2.Vpc, hosts: aws.ec2.RouteTable): void {
    if (args.egress !== "internet-gateway" && args.egress !== "nat") return;
    const gateway = new aws.ec2.InternetGateway(
      `${this.label}-internet`,
      { vpcId: vpc.id, tags: this.named("internet") },
      { parent: this.parent },
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
      { parent: this.parent, dependsOn: [gateway] },
    );
    const nat = new aws.ec2.NatGateway(
      `${this.label}-nat`,
      { subnetId: subnet.id, allocationId: address.id, tags: this.named("nat") },
      { parent: this.parent, dependsOn: [internet] },
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
      { parent: this.parent },
    );
  }

  private routeTable(what: string, vpc: aws.ec2.Vpc): aws.ec2.RouteTable {
    return new aws.ec2.RouteTable(
      `${this.label}-${what}`,
      { vpcId: vpc.id, tags: this.named(what) },
      { parent: this.parent },
    );
  }

  private associate(what: string, subnet: aws.ec2.Subnet, table: aws.ec2.RouteTable): void {
    new aws.ec2.RouteTableAssociation(
      `${this.label}-${what}`,
      { subnetId: subnet.id, routeTableId: table.id },
      { parent: this.parent },
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
      { parent: this.parent },
    );
  }
}
