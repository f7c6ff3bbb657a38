import type { Finding } from "../../settings/finding";
import { error, warning } from "../findings";
import { hostName } from "./awsNames";
import type { AwsStack } from "./stack";

const PATH = "gpudev:aws.trial";

/** What an upgrade in trial makes different on one host. Absent keys: as on all hosts. */
export interface HostTrial {
  /** AMI that is being tried on it. */
  readonly ami?: string;
  /** What it goes on running while another host tries the newer image. */
  readonly held?: { readonly image: string; readonly driverMin: string };
}

/** The part of a host in an upgrade that is being tried. */
export function trialOf(settings: AwsStack, host: number): HostTrial {
  const { trial } = settings.aws;
  if (trial === undefined) return {};
  const tries = trial.host === host;
  return {
    ...(tries && trial.ami !== undefined ? { ami: trial.ami } : {}),
    ...(!tries && trial.held !== undefined ? { held: trial.held } : {}),
  };
}

/** Says of an upgrade in trial that it is not finished. */
export function checkTrial(settings: AwsStack, hosts: readonly number[]): Finding[] {
  const { trial } = settings.aws;
  if (trial === undefined) return [];
  const { host, held } = trial;
  if (host === undefined) {
    if (held === undefined) return [];
    return [
      warning(
        "image-held",
        `${PATH}.held`,
        `All hosts go on running ${held.image}, since a newer image failed on the host that tried it`,
        "Mend the image settings and run gpudev upgrade, which tries again on one host; or take gpudev:aws.trial out, and the next up brings the newer image to all.",
      ),
    ];
  }
  // A host that went with the last person on it leaves nothing to try on.
  if (!hosts.includes(host) && hosts.length > 0) {
    return [
      error(
        "trial-nowhere",
        `${PATH}.host`,
        `An upgrade is being tried on ${hostName(host)}, and there is no such host`,
        "Take gpudev:aws.trial out, and run gpudev upgrade anew.",
      ),
    ];
  }
  return [
    warning(
      "trial-open",
      PATH,
      `An upgrade is being tried on ${hostName(host)} and was not finished`,
      "Run gpudev upgrade, which goes on where it was, and rolls back where the host is not ready.",
    ),
  ];
}
