import { z } from "zod";
import { duration, instant } from "../quantities";

export const lifetimeSchema = z
  .strictObject({
    idleStop: duration.optional().meta({
      description:
        "Stop an environment after this time without activity, where money runs. Default there: 45m.",
    }),
    until: instant
      .optional()
      .meta({ description: "End of the stack, with its offset: `2026-12-24T18:00:00+01:00`." }),
    max: duration.prefault("30d").meta({
      description: "Furthest that `until` may lie ahead, where money runs.",
    }),
    maxLease: duration.prefault("12h").meta({
      description: "Longest keep-awake lease by which a user may hold off the idle stop.",
    }),
    stopGrace: duration.prefault("30s").meta({
      description: "Time for training to write its checkpoint after SIGTERM.",
    }),
  })
  .meta({ title: "Lifetime", description: "When environments stop." });

export const dockerSchema = z
  .strictObject({
    host: z
      .string()
      .regex(
        /^(unix|ssh|tcp):\/\/.+/,
        "is no Docker daemon address; begin it with unix://, ssh:// or tcp://",
      )
      .optional()
      .meta({
        description:
          "Docker daemon, such as `ssh://ada@gpu-box`. Default: the Docker client's own (DOCKER_HOST or its context).",
      }),
    provider: z.enum(["bundled", "official"]).default("bundled").meta({
      description:
        "Pulumi providers for Docker: the small ones that gpudev brings, which need no download, or Pulumi's own. A stack keeps the one that made it: see docs/upgrade-contract.md before changing it.",
    }),
  })
  .meta({ title: "Docker", description: "The Docker daemon that runs the environments." });
