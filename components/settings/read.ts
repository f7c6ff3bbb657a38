import type { z } from "zod";
import type { Finding } from "./finding";
import { issueFindings, type Root, unusableFinding } from "./problems";
import { parseBestEffort } from "./values";

/** Reads a value at a config path as far as it can be read, with the findings of everything that is wrong. */
export function read<T>(
  schema: z.ZodType<T>,
  base: string,
  root: Root,
  input: unknown,
): { value?: T; findings: Finding[] } {
  const { value, unusable, issues } = parseBestEffort(schema, input);
  const findings = [
    ...unusable.map((one) => unusableFinding(base, one)),
    ...issues.flatMap((issue) => issueFindings(base, root, issue, input)),
  ];
  return value === undefined ? { findings } : { value, findings };
}
