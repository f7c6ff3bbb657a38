import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { directRules } from "../../components/aws/directRules";
import { GpuNetwork, type GpuNetworkArgs } from "../../components/aws/gpuNetwork";
import { awsRegistered, namesOf, ofType, only } from "../support/awsRegistered";

const args: GpuNetworkArgs = {
  region: "eu-west-1",
  range: "10.64.0.0/20",
  subnets: [
    { zone: "eu-west-1a", cidr: "10.64.0.0/24", key: "a" },
    { zone: "eu-west-1b", cidr: "10.64.1.0/24", key: "b" },
  ],
  existingSubnets: {},
  private: false,
  egress: "internet-gateway",
  interfaceEndpoints: [],
  endpointZones: [],
};

const made = async (changes: Partial<GpuNetworkArgs> = {}) => {
  const { asked, value } = await awsRegistered(() => {
    const network = new GpuNetwork("net", { ...args, ...changes });
    const { vpcId, subnetIds, securityGroupId } = network;
    return pulumi.output({ vpcId, subnetIds, securityGroupId });
  });
  return { asked, value };
};

describe("a network of the stack's own", () => {
  it("is a small VPC over two zones with public subnets, without NAT", async () => {
    const { asked, value } = await made();
    expect(namesOf(asked)).toEqual([
      "DefaultSecurityGroup net-default",
      "InternetGateway net-internet",
      "Route net-hosts",
      "RouteTable net-hosts",
      "RouteTableAssociation net-subnet-a",
      "RouteTableAssociation net-subnet-b",
      "SecurityGroup net-hosts",
      "SecurityGroupEgressRule net-out",
      "Subnet net-subnet-a",
      "Subnet net-subnet-b",
      "Vpc net-vpc",
      "VpcEndpoint net-s3",
    ]);
    expect(value).toEqual({
      vpcId: "id-of-net-vpc",
      subnetIds: { "eu-west-1a": "id-of-net-subnet-a", "eu-west-1b": "id-of-net-subnet-b" },
      securityGroupId: "id-of-net-hosts",
    });
  });

  it("has no inbound rule at all", async () => {
    const { asked } = await made();
    expect(ofType(asked, "vpc/securityGroupIngressRule:SecurityGroupIngressRule")).toEqual([]);
    for (const type of ["securityGroup:SecurityGroup", "defaultSecurityGroup:DefaultSecurityGroup"])
      expect(only(asked, `ec2/${type}`).inputs).not.toHaveProperty("ingress");
    expect(only(asked, "ec2/defaultSecurityGroup:DefaultSecurityGroup").inputs).not.toHaveProperty(
      "egress",
    );
  });

  it("lets ranges in one by one, where settings name them", async () => {
    const { asked } = await made({
      directFrom: ["203.0.113.0/24", "198.51.100.7/32"],
      directPorts: [{ from: 10_443, to: 10_446 }],
    });
    const rules = ofType(asked, "vpc/securityGroupIngressRule:SecurityGroupIngressRule");
    expect(rules.map(({ name, inputs }) => [name, inputs["cidrIpv4"], inputs["toPort"]])).toEqual([
      ["net-from-198-51-100-7-32-10443", "198.51.100.7/32", 10_446],
      ["net-from-203-0-113-0-24-10443", "203.0.113.0/24", 10_446],
    ]);
  });

  it("has a NAT gateway behind private hosts, in a public subnet of its own", async () => {
    const natSubnet = { zone: "eu-west-1a", cidr: "10.64.15.0/28", key: "nat" };
    const { asked } = await made({ private: true, egress: "nat", natSubnet });
    expect(only(asked, "ec2/natGateway:NatGateway").inputs).toMatchObject({
      subnetId: "id-of-net-subnet-nat",
    });
    const routes = ofType(asked, "ec2/route:Route").map(({ name, inputs }) => [
      name,
      inputs["gatewayId"] ?? inputs["natGatewayId"],
    ]);
    expect(routes).toEqual([
      ["net-hosts", "id-of-net-nat"],
      ["net-public", "id-of-net-internet"],
    ]);
  });

  it("or endpoints of the services that hosts need, and no way to the internet", async () => {
    const interfaceEndpoints = ["ec2messages", "ecr.api", "ecr.dkr"];
    const { asked } = await made({
      private: true,
      egress: "endpoints",
      interfaceEndpoints,
      endpointZones: ["eu-west-1b"],
    });
    expect(ofType(asked, "ec2/internetGateway:InternetGateway")).toEqual([]);
    expect(ofType(asked, "ec2/route:Route")).toEqual([]);
    const services = ofType(asked, "ec2/vpcEndpoint:VpcEndpoint").map(({ inputs }) => [
      inputs["serviceName"],
      inputs["vpcEndpointType"],
    ]);
    expect(services).toEqual([
      ...interfaceEndpoints.map((one) => [`com.amazonaws.eu-west-1.${one}`, "Interface"]),
      ["com.amazonaws.eu-west-1.s3", "Gateway"],
    ]);
    const [first] = ofType(asked, "ec2/vpcEndpoint:VpcEndpoint");
    expect(first?.inputs["subnetIds"]).toEqual(["id-of-net-subnet-b"]);
    expect(
      only(asked, "vpc/securityGroupIngressRule:SecurityGroupIngressRule").inputs,
    ).toMatchObject({
      securityGroupId: "id-of-net-endpoints",
      referencedSecurityGroupId: "id-of-net-hosts",
      fromPort: 443,
      toPort: 443,
    });
  });
});

describe("an existing VPC", () => {
  it("gets a group of the hosts' own and nothing else", async () => {
    const { asked, value } = await made({
      vpcId: "vpc-1",
      subnets: [],
      existingSubnets: { "eu-west-1a": "subnet-1" },
      egress: "existing",
    });
    expect(namesOf(asked)).toEqual(["SecurityGroup net-hosts", "SecurityGroupEgressRule net-out"]);
    expect(value).toMatchObject({ vpcId: "vpc-1", subnetIds: { "eu-west-1a": "subnet-1" } });
  });
});

describe("rules for direct access", () => {
  it("are one for each range and run of ports, named by what they say", () => {
    const ports = [
      { from: 2222, to: 2225 },
      { from: 80, to: 80 },
    ];
    const keys = directRules(["203.0.113.0/24", "203.0.113.0/24"], ports).map(({ key }) => key);
    expect(keys).toEqual(["from-203-0-113-0-24-2222", "from-203-0-113-0-24-80"]);
  });

  it("are none without ranges", () => {
    expect(directRules([], [{ from: 1, to: 2 }])).toEqual([]);
  });
});
