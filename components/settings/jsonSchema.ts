import { z } from "zod";
import { settingsSchema } from "./schema";

/** A JSON Schema, as far as gpudev reads and writes it (draft 2020-12). */
export interface JsonSchema {
  readonly $schema?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly required?: readonly string[];
}

/** JSON Schema of the settings as a person writes them, without the `gpudev:` in front. */
export function inputSchema(): JsonSchema {
  return z.toJSONSchema(settingsSchema, { io: "input" }) as JsonSchema;
}

/**
 * JSON Schema of a whole stack file, for editors: `config` with a property
 * `gpudev:<key>` for each setting. Keys of other projects and providers, and
 * Pulumi's own top-level keys, are allowed beside them.
 */
export function settingsJsonSchema(): JsonSchema {
  const { properties = {}, required = [] } = inputSchema();
  const named = Object.fromEntries(
    Object.entries(properties).map(([key, schema]) => [`gpudev:${key}`, schema]),
  );
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "gpudev stack file",
    type: "object",
    properties: {
      config: {
        description: "Configuration of the stack.",
        type: "object",
        properties: named,
        required: required.map((key) => `gpudev:${key}`),
        additionalProperties: true,
      },
    },
    required: ["config"],
    additionalProperties: true,
  };
}
