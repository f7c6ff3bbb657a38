import { z } from "zod";
import { awsSchema } from "./awsSchema";
import {
  bindSchema,
  mountSchema,
  networksSchema,
  portsSchema,
  servicesSchema,
} from "./sections/access";
import { gpuSchema } from "./sections/gpu";
import { imageSchema } from "./sections/image";
import { dockerSchema, lifetimeSchema } from "./sections/machine";
import { seatSchema, seatsSchema } from "./sections/seats";
import { gpuCount, limitsShape, userSchema } from "./sections/users";

export { seatSchema, userSchema };

/**
 * Error texts here and in components/settings/sections read "what is wrong; what to do", with the value in front:
 * components/settings/problems.ts makes findings of them.
 *
 * The settings of one stack, as an engineer writes them under `gpudev:` in
 * `stacks/Pulumi.<stack>.yaml`. The JSON Schema for editors and the
 * configuration reference are generated from the metadata here.
 */

/** Every setting of a stack. Only `target` and `users` have no default. */
export const settingsSchema = z
  .strictObject({
    target: z.enum(["workstation", "aws"]).meta({
      description:
        "Where environments run: `workstation` (a machine with Docker) or `aws` (EC2 instances with GPUs).",
    }),
    team: z
      .string()
      .min(1)
      .max(63)
      .regex(
        /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
        "is no team name; write small letters, digits and -",
      )
      .optional()
      .meta({
        description: "Users with one budget. Default: the stack's name.",
      }),
    users: z
      .union(
        [
          z
            .string()
            .regex(
              /\.csv$/,
              "is no roster file; write a list of users, or the name of a file that ends in .csv",
            ),
          z.array(userSchema),
        ],
        {
          error:
            "is no list of users; write a list of users, or the name of a roster file that ends in .csv",
        },
      )
      .meta({
        description: "The users, or the name of a roster file (CSV, beside the stack file).",
      }),
    gpu: gpuSchema.prefault({}),
    image: imageSchema.prefault({}),
    limits: z
      .strictObject(limitsShape)
      .prefault({})
      .meta({ title: "Limits", description: "Limits of each environment." }),
    profiles: z
      .record(z.string(), z.strictObject({ gpus: gpuCount.optional(), ...limitsShape }))
      .default({})
      .meta({ description: "Named sets of limits and GPUs that users refer to by `profile`." }),
    services: servicesSchema.prefault({}),
    workspace: z
      .array(mountSchema)
      .default([])
      .meta({ description: "Folders of the machine that appear in environments." }),
    ports: portsSchema.prefault({}),
    networks: networksSchema.prefault({}),
    bind: bindSchema.prefault({}),
    lifetime: lifetimeSchema.prefault({}),
    docker: dockerSchema.prefault({}),
    aws: awsSchema.optional(),
    seats: seatsSchema.default({}),
  })
  .meta({ title: "gpudev stack settings" });

export type User = z.output<typeof userSchema>;
export type Seat = z.output<typeof seatSchema>;
export type GpuRequest = z.output<typeof gpuCount>;
/** Parsed settings: defaults filled in, a roster read, keys and quantities checked. */
export type Settings = Omit<z.output<typeof settingsSchema>, "users" | "team"> & {
  /** The stack's name: the part of `Pulumi.<stack>.yaml`. */
  readonly stack: string;
  readonly team: string;
  readonly users: readonly User[];
  /** Where each user is written, by name: `gpudev:users[1]`, `gpudev:users[team.csv:4]`. */
  readonly userPaths?: Readonly<Record<string, string>>;
};
