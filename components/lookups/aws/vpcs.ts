import {
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcEndpointsCommand,
  type EC2Client,
  paginateDescribeVpcs,
  type Route,
  type RouteTable,
  type Vpc,
} from "@aws-sdk/client-ec2";
import { STACK_TAG, tagOf } from "./ec2";
import type { SubnetFacts, VpcFacts, VpcRange } from "./model";

function rangeOf({ VpcId = "", CidrBlock, CidrBlockAssociationSet = [], Tags }: Vpc): VpcRange {
  const associated = CidrBlockAssociationSet.flatMap(({ CidrBlock: range }) => range ?? []);
  const [name, stackId] = [tagOf(Tags, "Name"), tagOf(Tags, STACK_TAG)];
  return {
    id: VpcId,
    ranges: [...new Set([...(CidrBlock === undefined ? [] : [CidrBlock]), ...associated])],
    ...(name === undefined ? {} : { name }),
    ...(stackId === undefined ? {} : { stackId }),
  };
}

/** All VPCs of the region. */
export async function readVpcs(client: EC2Client, abortSignal: AbortSignal): Promise<VpcRange[]> {
  const found: VpcRange[] = [];
  for await (const page of paginateDescribeVpcs({ client }, {}, { abortSignal })) {
    found.push(...(page.Vpcs ?? []).map(rangeOf));
  }
  return found;
}

/** Where a route leads, as far as it matters for getting out. */
export function routeKind(route: Route | undefined): SubnetFacts["defaultRoute"] {
  if (route === undefined || route.State === "blackhole") return "none";
  if (route.GatewayId?.startsWith("igw-") === true) return "internet-gateway";
  return route.NatGatewayId === undefined ? "other" : "nat";
}

function defaultRoute(tables: readonly RouteTable[], subnet: string): SubnetFacts["defaultRoute"] {
  const own = tables.find(({ Associations = [] }) =>
    Associations.some(({ SubnetId }) => SubnetId === subnet),
  );
  const main = tables.find(({ Associations = [] }) =>
    Associations.some(({ Main }) => Main === true),
  );
  const routes = (own ?? main)?.Routes ?? [];
  return routeKind(routes.find(({ DestinationCidrBlock }) => DestinationCidrBlock === "0.0.0.0/0"));
}

/** A VPC's subnets, routes and endpoints; undefined where there is no such VPC. */
export async function readVpc(
  ec2: EC2Client,
  vpcs: readonly VpcRange[],
  region: string,
  id: string,
  abortSignal: AbortSignal,
): Promise<VpcFacts | undefined> {
  const range = vpcs.find((vpc) => vpc.id === id);
  if (range === undefined) return undefined;
  const Filters = [{ Name: "vpc-id", Values: [id] }];
  const [subnets, tables, endpoints, dns] = await Promise.all([
    ec2.send(new DescribeSubnetsCommand({ Filters }), { abortSignal }),
    ec2.send(new DescribeRouteTablesCommand({ Filters }), { abortSignal }),
    ec2.send(new DescribeVpcEndpointsCommand({ Filters }), { abortSignal }),
    ec2.send(new DescribeVpcAttributeCommand({ VpcId: id, Attribute: "enableDnsSupport" }), {
      abortSignal,
    }),
  ]);
  const prefix = `com.amazonaws.${region}.`;
  return {
    ...range,
    subnets: (subnets.Subnets ?? [])
      .map((subnet): SubnetFacts => ({
        id: subnet.SubnetId ?? "",
        zone: subnet.AvailabilityZone ?? "",
        cidr: subnet.CidrBlock ?? "",
        defaultRoute: defaultRoute(tables.RouteTables ?? [], subnet.SubnetId ?? ""),
        publicAddresses: subnet.MapPublicIpOnLaunch ?? false,
      }))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    endpoints: (endpoints.VpcEndpoints ?? [])
      .map(({ ServiceName = "" }) => ServiceName)
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length))
      .toSorted(),
    dnsSupport: dns.EnableDnsSupport?.Value ?? true,
  };
}
