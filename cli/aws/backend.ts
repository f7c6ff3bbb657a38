import type { AwsStack } from "../../components/plan/aws/stack";
import { stateSecrets, stateUrl } from "../../components/plan/aws/state";
import type { AwsSettings } from "../../components/settings/awsSchema";
import type { StackFolders } from "../engine/stateFolders";
import { engineEnv, type Backend } from "../engine/workspace";
import { isPathStyle } from "./pathStyle";

/** Where the state of a stack lies and what encrypts its secrets, by its settings. */
export function backendOf(aws: AwsSettings, env: NodeJS.ProcessEnv): Backend {
  const url = stateUrl(aws, isPathStyle(env));
  const secretsProvider = stateSecrets(aws);
  return {
    ...(url === undefined ? {} : { url }),
    ...(secretsProvider === undefined ? {} : { secretsProvider }),
  };
}

/** The backend that is really used: what the person's environment names comes first. */
export function backendUrl(
  { settings, folders }: { readonly settings: AwsStack; readonly folders: StackFolders },
  env: NodeJS.ProcessEnv,
): string | undefined {
  return (
    env.PULUMI_BACKEND_URL ??
    engineEnv(folders, env, backendOf(settings.aws, env)).PULUMI_BACKEND_URL
  );
}
