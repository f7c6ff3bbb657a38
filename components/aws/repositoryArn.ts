import { arn } from "./policy";

const ECR =
  /^(?<account>\d{12})\.dkr\.ecr(-fips)?\.(?<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?\/(?<name>[^@:]+)/;

/** ARN of the ECR repository that an image is in; undefined for an image of another registry. */
export function repositoryArnOf(image: string): string | undefined {
  const { account, region, name } = ECR.exec(image)?.groups ?? {};
  if (account === undefined || region === undefined || name === undefined) return undefined;
  return arn({ account, region }, "ecr", `repository/${name}`);
}
