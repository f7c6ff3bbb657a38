import {
  CreateTagsCommand,
  DescribeSpotInstanceRequestsCommand,
  type EC2Client,
  RequestSpotInstancesCommand,
} from "@aws-sdk/client-ec2";

/**
 * Lets EC2 have a persistent Spot instance, tagged as a stack's host.
 * @returns the request's id
 */
export async function spotHost(ec2: EC2Client, stackId: string, host: number): Promise<string> {
  const { SpotInstanceRequests: [request] = [] } = await ec2.send(
    new RequestSpotInstancesCommand({
      Type: "persistent",
      InstanceInterruptionBehavior: "stop",
      LaunchSpecification: { ImageId: "ami-1e749f67", InstanceType: "t3.micro" },
    }),
  );
  await ec2.send(
    new CreateTagsCommand({
      Resources: [request?.InstanceId ?? ""],
      Tags: [
        { Key: "gpudev:stack-id", Value: stackId },
        { Key: "gpudev:host", Value: String(host) },
      ],
    }),
  );
  return request?.SpotInstanceRequestId ?? "";
}

/** Spot requests that are not cancelled. */
export async function spotRequests(ec2: EC2Client): Promise<string[]> {
  const { SpotInstanceRequests = [] } = await ec2.send(new DescribeSpotInstanceRequestsCommand({}));
  return SpotInstanceRequests.map(({ SpotInstanceRequestId = "" }) => SpotInstanceRequestId);
}
