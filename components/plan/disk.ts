import type { Lookups } from "../lookups/model";
import type { Finding } from "../settings/finding";
import { error, warning } from "./findings";
import type { PlannedImage } from "./model";

const GIB = 2 ** 30;
/**
 * What a build of the image takes: about 7 GiB of layers, the wheels that it downloads (3 GiB, read
 * off the index on 2026-11-22) and the torch stage whose files are copied into two layers.
 */
const BUILD = 16 * GIB;
/** What homes and containers want beside an image that is there. */
const WORK = 5 * GIB;

function text(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`;
}

/** Whether the image's build and the homes fit on the daemon's disk. */
export function checkDisk(image: PlannedImage, lookups: Lookups): Finding[] {
  const { freeDisk, images, daemon } = lookups;
  if (!freeDisk.known || !images.known) return [];
  const root = daemon.known ? daemon.value.root : "the daemon's data folder";
  const names =
    image.existing === undefined
      ? [`${image.repository}:${image.immutableTag}`]
      : [image.existing, image.existing.replace(/:[^:/@]+@/, "@")];
  const there = names.some((name) => images.value.includes(name));
  if (!there && freeDisk.value < BUILD) {
    // One that was pushed may be here under its digest alone, which the plan cannot know.
    const say = image.push ? warning : error;
    return [
      say(
        "disk-too-small",
        "gpudev:image",
        `${text(freeDisk.value)} are free at ${root}, and ${image.existing === undefined ? "building the image takes" : "the image may take"} up to ${text(BUILD)}`,
        "Free some: docker system df says what Docker holds, docker builder prune and docker image prune remove what is unused.",
      ),
    ];
  }
  if (freeDisk.value < WORK) {
    return [
      warning(
        "disk-low",
        "gpudev:image",
        `Only ${text(freeDisk.value)} are free at ${root}, where all homes lie`,
        "Free some before a training run fills it: docker system df says what Docker holds.",
      ),
    ];
  }
  return [];
}
