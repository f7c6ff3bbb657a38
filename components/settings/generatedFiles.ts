import { settingsJsonSchema } from "./jsonSchema";
import { configurationReference } from "./reference";

/** Files of the repository that are made from the settings' schema: path from the project's root, and text. */
export function generatedFiles(): Readonly<Record<string, string>> {
  return {
    "stacks/schema.json": `${JSON.stringify(settingsJsonSchema(), undefined, 2)}\n`,
    "docs/configuration.md": configurationReference(),
  };
}
