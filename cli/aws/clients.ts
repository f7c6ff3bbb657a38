import { EC2Client } from "@aws-sdk/client-ec2";
import { S3Client } from "@aws-sdk/client-s3";
import { SSMClient } from "@aws-sdk/client-ssm";
import { isPathStyle } from "./pathStyle";

/** What the SDK's clients have in common. Endpoints come from AWS_ENDPOINT_URL where that is set. */
export function common(region: string): { readonly region: string; readonly maxAttempts: number } {
  // The SDK's notice on Node releases is for whoever keeps gpudev, not for whoever runs it.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  return { region, maxAttempts: 3 };
}

/** A client of a region's Systems Manager. */
export function ssmIn(region: string): SSMClient {
  return new SSMClient(common(region));
}

/** A client of a region's EC2. */
export function ec2In(region: string): EC2Client {
  return new EC2Client(common(region));
}

/** A client of a region's S3. */
export function s3In(region: string): S3Client {
  return new S3Client({ ...common(region), forcePathStyle: isPathStyle(process.env) });
}
