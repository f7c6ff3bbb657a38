import * as pulumi from "@pulumi/pulumi";
import { capacityCode } from "../plan/aws/capacity";

/**
 * Says what to do where AWS has no capacity for an instance: the engine's own error says only that.
 * `gpudev up` goes down the ladder by itself; whoever runs Pulumi without it has to say which step.
 */
export function noCapacity(label: string): pulumi.ErrorHook {
  return new pulumi.ErrorHook(`${label}-no-capacity`, async ({ name, errors }) => {
    const code = capacityCode(errors[0] ?? "");
    if (code !== undefined)
      await pulumi.log.warn(
        `${name}: AWS has no such instance there now (${code}). gpudev up takes the next step of gpudev:aws.hosts.ladder by itself; for a plain pulumi up write its number, counted from 0, as gpudev:aws.hosts.rung and run it again.`,
      );
    return false;
  });
}
