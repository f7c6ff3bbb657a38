import type { AwsSettings } from "../../settings/awsSchema";
import type { Settings } from "../../settings/schema";

/** Settings of a stack on AWS. */
export type AwsStack = Settings & { readonly aws: AwsSettings };

/** Whether settings are of a stack on AWS, its own section included. */
export function isAwsStack(settings: Settings): settings is AwsStack {
  return settings.target === "aws" && settings.aws !== undefined;
}
