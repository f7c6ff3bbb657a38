import type { PlannedImage } from "../container";
import type { PlannedRepository } from "./model";
import type { AwsStack } from "./stack";

/** The ECR repository of the stack's image; none where an image that exists is used as it is. */
export function planRepository(
  settings: AwsStack,
  image: PlannedImage,
  prefix: string,
): PlannedRepository | undefined {
  if (image.existing !== undefined) return undefined;
  const named = settings.aws.image.repository;
  return {
    name: named ?? `${prefix}/${settings.image.repository.split("/").at(-1) ?? "pytorch-cuda"}`,
    existing: named !== undefined,
    movingTags: image.movingTags,
  };
}
