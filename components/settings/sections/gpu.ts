import { z } from "zod";
import { CDI_DOCKER } from "../../catalog/hostVersions";
import { gpuCount } from "./users";

export const gpuSchema = z
  .strictObject({
    model: z.string().optional().meta({
      description:
        "GPU model that the stack is meant for, as the catalog names it (`L4`, `RTX 4090`). A machine with another one is a finding.",
    }),
    perUser: gpuCount.default("auto"),
    share: z.boolean().default(false).meta({
      description:
        "Let users share a device once each has none of its own. There is no isolation of memory or faults between them; this shows as a finding.",
    }),
    access: z
      .enum(["auto", "cdi", "runtime"])
      .default("auto")
      .meta({
        description: `How Docker hands over GPUs: CDI (Docker ${CDI_DOCKER} or newer) or the NVIDIA runtime. \`auto\` takes CDI where it is to be had.`,
      }),
  })
  .meta({ title: "GPU", description: "GPUs, and how users get them." });
