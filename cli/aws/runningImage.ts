import type { Deployment } from "@pulumi/pulumi/automation";
import type { RunningImage } from "../../components/plan/aws/upgrade";
import { resourceName } from "../engine/events";
import { stateOf } from "../engine/recover";

const DOCUMENT = /^gpudev-host-\d+-document$/;

/** What hosts are told to run, by the documents in the state; undefined where there is none yet. */
export function runningImage(deployment: Deployment): RunningImage | undefined {
  for (const { urn, outputs } of stateOf(deployment).resources ?? []) {
    const content = outputs?.content;
    if (!DOCUMENT.test(resourceName(urn)) || typeof content !== "string") continue;
    const { image, checks } = JSON.parse(content) as {
      readonly image: string;
      readonly checks: { readonly driverMin: string };
    };
    return { image, driverMin: checks.driverMin };
  }
  return undefined;
}
