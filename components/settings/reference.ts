import { inputSchema, type JsonSchema } from "./jsonSchema";

interface Row {
  readonly key: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
}

const code = (text: string) => `\`${text}\``;
const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/** Beyond this an upper bound is only the largest number that JavaScript counts exactly. */
const NO_BOUND = Number.MAX_SAFE_INTEGER;

function numberType(word: string, schema: JsonSchema): string {
  const { minimum, maximum, exclusiveMinimum } = schema;
  const least = minimum === undefined || minimum <= -NO_BOUND ? undefined : minimum;
  const most = maximum === undefined || maximum >= NO_BOUND ? undefined : maximum;
  if (exclusiveMinimum !== undefined)
    return `${word} above ${exclusiveMinimum}${most === undefined ? "" : `, at most ${most}`}`;
  if (least !== undefined && most !== undefined) return `${word}, ${least} to ${most}`;
  if (least !== undefined) return `${word}, at least ${least}`;
  return word;
}

function typeText(schema: JsonSchema): string {
  if (schema.title && !schema.properties) return schema.title;
  if (schema.anyOf) return schema.anyOf.map(typeText).join(", or ");
  if (schema.enum) return schema.enum.map((value) => code(String(value))).join(" or ");
  if (schema.type === "integer") return numberType("whole number", schema);
  if (schema.type === "number") return numberType("number", schema);
  if (schema.type === "boolean") return "`true` or `false`";
  if (schema.type === "array")
    return `list of: ${schema.items ? typeText(schema.items) : "anything"}`;
  return schema.type === "object" ? "mapping" : "text";
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function defaultText({ schema, required }: Row): string {
  if (required) return "**needed**";
  if (schema.default === undefined || isEmpty(schema.default)) return "";
  return code(typeof schema.default === "string" ? schema.default : JSON.stringify(schema.default));
}

/** The mapping whose keys a setting has: its own, or those of its list's items. */
function mappingOf(schema: JsonSchema): { schema: JsonSchema; prefix: string } | undefined {
  if (schema.properties) {
    const other = schema.additionalProperties;
    if (typeof other === "object" && other.properties)
      return { schema: { ...schema, additionalProperties: other }, prefix: "" };
    return { schema, prefix: "" };
  }
  if (typeof schema.additionalProperties === "object")
    return { schema: schema.additionalProperties, prefix: "NAME." };
  const list = [schema, ...(schema.anyOf ?? [])].find(({ items }) => items?.properties);
  return list?.items ? { schema: list.items, prefix: "" } : undefined;
}

function rowsOf(schema: JsonSchema, prefix = ""): Row[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, inner]): Row[] => {
    const key = prefix + name;
    const row = { key, schema: inner, required: schema.required?.includes(name) ?? false };
    if (inner.items?.properties) return [row, ...rowsOf(inner.items, `${key}[].`)];
    return inner.properties ? [row, ...rowsOf(inner, `${key}.`)] : [row];
  });
  const other = schema.additionalProperties;
  const named =
    typeof other === "object" && schema.properties ? rowsOf(other, `${prefix}NAME.`) : [];
  return [...own, ...named];
}

function table(rows: readonly Row[]): string[] {
  return [
    "| Setting | What it may be | Default | Meaning |",
    "| --- | --- | --- | --- |",
    ...rows.map((row) => {
      const cells = [
        code(row.key),
        typeText(row.schema),
        defaultText(row),
        row.schema.description ?? "",
      ];
      return `| ${cells.map(cell).join(" | ")} |`;
    }),
  ];
}

/** How the keys of the table below it stand in a setting. */
function shapeText(schema: JsonSchema): string | undefined {
  if (schema.anyOf) return "A file name, or a list whose items have these keys:";
  if (schema.type === "array") return "A list whose items have these keys:";
  return undefined;
}

function section(key: string, schema: JsonSchema, required: boolean): string[] {
  const head = [`## \`gpudev:${key}\``, "", schema.description ?? "", ""];
  const mapping = mappingOf(schema);
  if (!mapping) {
    const start = defaultText({ key, schema, required });
    return [...head, `What it may be: ${typeText(schema)}${start ? ` (${start})` : ""}.`, ""];
  }
  const shape = shapeText(schema);
  const rows = table(rowsOf(mapping.schema, mapping.prefix));
  return [...head, ...(shape ? [shape, ""] : []), ...rows, ""];
}

/** The configuration reference in Markdown: every setting with its type, default and meaning. */
export function configurationReference(): string {
  const { properties = {}, required = [] } = inputSchema();
  const lines = [
    "# Configuration reference",
    "",
    "<!-- Made from components/settings/schema.ts by `npm run generate`; change it there. -->",
    "",
    "Settings of a stack stand in `stacks/Pulumi.<stack>.yaml` under `config`, each with `gpudev:` in front. Only `gpudev:target` and `gpudev:users` are needed. An empty default means that there is none, or that it follows from something else, which the meaning then says. With `# yaml-language-server: $schema=./schema.json` as its first line, editors complete and check a stack file.",
    "",
    'Amounts of memory are texts with a unit (`16GiB`, `512MiB`, or `16g` as Docker writes it), spans of time likewise (`30s`, `45m`, `8h`, `3d`). Versions are texts too: write `"3.10"` in quotes, since YAML reads 3.10 without quotes as the number 3.1.',
    "",
    ...Object.entries(properties).flatMap(([key, schema]) =>
      section(key, schema, required.includes(key)),
    ),
    "## Roster file",
    "",
    "Instead of a list, `gpudev:users` may name a CSV file in the folder of the stack file. Its first line names the columns: `name` and `sshKeys`, and if wanted `gpus` and `profile`. Several keys in a cell are separated by `;` or stand on lines of their own within quotes; several GPU devices are separated by `;`, and a single device is written with a `;` behind it, since a plain number is a count.",
    "",
    "```csv",
    "name,sshKeys,gpus,profile",
    "ada,ssh-ed25519 AAAA… ada@laptop,1,",
    "grace,ssh-ed25519 AAAA… grace@desk;ssh-ed25519 AAAA… grace@laptop,0;1,large",
    "```",
    "",
  ];
  return lines.join("\n");
}
