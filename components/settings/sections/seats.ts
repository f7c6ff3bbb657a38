import { z } from "zod";

export const seatSchema = z.strictObject({
  slot: z.int().min(0).max(65_535).meta({ description: "Fixes the user's ports and network." }),
  host: z
    .int()
    .min(0)
    .default(0)
    .meta({ description: "Which of the stack's machines; a workstation stack has only 0." }),
  devices: z
    .array(z.union([z.int().min(0), z.string()]))
    .optional()
    .meta({ title: "list of device indexes or UUIDs", description: "The user's GPU devices." }),
});

export const seatsSchema = z
  .object({
    id: z
      .string()
      .regex(/^[a-z0-9]{6,12}$/, "is no stack id; leave it out, and gpudev writes a new one")
      .optional()
      .meta({ description: "Labels everything that the stack makes." }),
  })
  .catchall(seatSchema)
  .meta({
    title: "Seats",
    description:
      "Who sits where. Written by gpudev; keep it under version control with the rest of the file.",
  });
