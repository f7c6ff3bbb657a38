import type { AwsSettings } from "../../settings/awsSchema";
import type { Finding } from "../../settings/finding";
import { error, warning } from "../findings";

/** Alias of the KMS key that `gpudev init` makes; one for an account and region, whatever stacks it has. */
export const STATE_KEY = "alias/gpudev-state";

/** Bucket that `gpudev init` makes, one for an account and region. Bucket names are the whole world's: the account makes it one's own. */
export function stateBucket(account: string, region: string): string {
  return `gpudev-state-${account}-${region}`;
}

/**
 * The address of the state in S3, as Pulumi takes a backend; undefined where settings name no bucket.
 * @param pathStyle buckets are part of the path, for endpoints that are not AWS's own
 */
export function stateUrl({ region, state }: AwsSettings, pathStyle: boolean): string | undefined {
  if (state.bucket === undefined) return undefined;
  const style = pathStyle ? "&use_path_style=true" : "";
  return `s3://${state.bucket}?region=${region}&awssdk=v2${style}`;
}

/** The KMS key as Pulumi takes a secrets provider; undefined where settings name none. */
export function stateSecrets({ region, state }: AwsSettings): string | undefined {
  if (state.key === undefined) return undefined;
  return `awskms:///${state.key}?region=${region}&awssdk=v2`;
}

/** Whether a backend is a folder of this machine. */
function isLocalBackend(url: string): boolean {
  return url.startsWith("file:");
}

const PATH = "gpudev:aws.state.allowLocal";

/**
 * Whether the state of a stack on AWS may lie where it lies. State on a laptop is lost with it, and
 * hosts then run on that nobody manages.
 * @param backend address that the person's environment or login names; undefined: none, or not known
 */
export function checkBackend({ state }: AwsSettings, backend: string | undefined): Finding[] {
  if (backend === undefined || !isLocalBackend(backend)) return [];
  const where = `Pulumi's state would lie in a folder of this machine (${backend})`;
  if (state.allowLocal)
    return [
      warning(
        "state-local",
        PATH,
        `${where}: without this machine nobody can change or remove what the stack made`,
        "Run gpudev init, which makes a bucket and a key for it, and take allowLocal out.",
      ),
    ];
  const mend =
    state.bucket === undefined
      ? "Run gpudev init, which makes a bucket and a key for it."
      : `Take PULUMI_BACKEND_URL out of the environment, or log in to the stack's bucket (pulumi login 's3://${state.bucket}').`;
  return [
    error(
      "state-local",
      PATH,
      where,
      `${mend} To insist: state: {allowLocal: true} in gpudev:aws.`,
    ),
  ];
}
