import { z } from "zod";

const textOrList = z.union([z.string(), z.array(z.string())]);
const policySchema = z.object({
  Statement: z.array(
    z.strictObject({
      Sid: z.string(),
      Effect: z.literal("Allow"),
      Action: z.array(z.string()),
      Resource: z.array(z.string()),
      Condition: z.record(z.string(), z.record(z.string(), textOrList)).optional(),
    }),
  ),
});

/** A request as IAM sees it. */
export interface Asked {
  readonly action: string;
  readonly resource: string;
  /** Condition keys and policy variables with their values. */
  readonly context: Readonly<Record<string, string>>;
}

function likes(pattern: string, text: string, context: Asked["context"]): boolean {
  const filled = pattern.replace(/\$\{([^}]+)\}/g, (_, key: string) => context[key] ?? "\u0000");
  const parts = filled.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(text);
}

const OPERATORS: Readonly<
  Record<string, (value: string | undefined, wanted: string, context: Asked["context"]) => boolean>
> = {
  StringEquals: (value, wanted) => value === wanted,
  StringLike: (value, wanted, context) => value !== undefined && likes(wanted, value, context),
  BoolIfExists: (value, wanted) => value === undefined || value === wanted,
};

/**
 * Whether a policy of ours allows a request, as IAM reads it: exactly the operators that our policies use.
 * @throws Error where it holds anything else
 */
export function allows(policy: string, { action, resource, context }: Asked): boolean {
  return policySchema.parse(JSON.parse(policy)).Statement.some(
    ({ Action, Resource, Condition = {} }) =>
      Action.includes(action) &&
      Resource.some((one) => likes(one, resource, context)) &&
      Object.entries(Condition).every(([name, keys]) => {
        const operator = OPERATORS[name];
        if (operator === undefined) throw new Error(`say in iam.ts what ${name} means`);
        return Object.entries(keys).every(([key, wanted]) =>
          [wanted].flat().some((one) => operator(context[key], one, context)),
        );
      }),
  );
}
