import { z } from "zod";

/** A path as settings name it. */
export const absolutePath = z
  .string()
  .regex(/^\//, "is no absolute path on the machine; begin it with /");
