import * as pulumi from "@pulumi/pulumi";
import { capacityCode } from "../plan/aws/capacity";

/** Whether this engine calls error hooks: Pulumi's mocks do not, and would wait for ever. */
function callsErrorHooks(): boolean {
  const monitor = pulumi.runtime.getMonitor() as
    { readonly registerErrorHook?: unknown } | undefined;
  return typeof monitor?.registerErrorHook === "function";
}

/**
 * Says what to do where AWS has no capacity for an instance: the engine's own error says only that.
 * `gpudev up` goes down the ladder by itself; whoever runs Pulumi without it has to say which step.
 * @returns undefined where the engine calls no such hooks
 */
export function noCapacity(label: string): pulumi.ErrorHook | undefined {
  if (!callsErrorHooks()) return undefined;
  return new pulumi.ErrorHook(`${label}-no-capacity`, ({ errors }) => {
    const [problem = ""] = errors;
    const code = capacityCode(problem);
    if (code === undefined) return false;
    // What a hook throws becomes part of what the engine says of the resource.
    throw new Error(
      `AWS has no such instance there now (${code}). gpudev up takes the next step of gpudev:aws.hosts.ladder by itself; for a plain pulumi up write its number, counted from 0, as gpudev:aws.hosts.rung and run it again. ${problem}`,
    );
  });
}
