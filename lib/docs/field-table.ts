/** A JSON Schema, as far as the OpenAPI document uses it. */
export type JsonSchema = {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  enum?: unknown[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
};

type Row = { name: string; type: string; text: string };

/**
 * The fields of an object as a Markdown table, those of objects within it as `payment.txHash` below it.
 * @param components what `$ref` points to.
 * @param options.isInput says which fields are required; in answers all are there.
 */
export function fieldTable(
  schema: JsonSchema,
  components: Record<string, JsonSchema>,
  options: { isInput?: boolean } = {},
): string {
  const rows = rowsOf(resolve(schema, components), components, "", options.isInput ?? false);
  return [
    "| Field | Type | Meaning |",
    "| --- | --- | --- |",
    ...rows.map(({ name, type, text }) => `| \`${name}\` | ${type} | ${text.replaceAll("|", "\\|")} |`),
  ].join("\n");
}

function resolve(schema: JsonSchema, components: Record<string, JsonSchema>): JsonSchema {
  const { $ref, ...own } = schema;
  if (!$ref) return schema;
  const found = components[$ref.slice($ref.lastIndexOf("/") + 1)];
  if (!found) throw new Error(`no component ${$ref}`);
  return { ...found, ...own };
}

function rowsOf(object: JsonSchema, components: Record<string, JsonSchema>, prefix: string, isInput: boolean): Row[] {
  return Object.entries(object.properties ?? {}).flatMap(([name, raw]) => {
    const { schema, canBeNull } = withoutNull(resolve(raw, components), components);
    const items = schema.items && resolve(schema.items, components);
    const path = prefix + name;
    const isObject = "properties" in schema || Boolean(items?.properties);
    const nested =
      isObject && refName(raw) !== "Invoice" && refName(schema.items) !== "Invoice"
        ? rowsOf(items ?? schema, components, `${path}${items ? "[]" : ""}.`, isInput)
        : [];
    const required = isInput && (object.required ?? []).includes(name) ? "**Required.** " : "";
    const description = raw.description ?? schema.description ?? "";
    const text = `${required}${description}${limitsOf(schema)}`.trim();
    // In requests null means left out.
    return [
      { name: path, type: `${typeOf(schema, items)}${canBeNull && !isInput ? " or null" : ""}`, text },
      ...nested,
    ];
  });
}

const refName = (schema: JsonSchema | undefined) => schema?.$ref?.slice(schema.$ref.lastIndexOf("/") + 1);

function withoutNull(
  schema: JsonSchema,
  components: Record<string, JsonSchema>,
): { schema: JsonSchema; canBeNull: boolean } {
  if (Array.isArray(schema.type)) {
    const types = schema.type.filter((type) => type !== "null");
    const rest = { ...schema, type: types[0], enum: schema.enum?.filter((value) => value !== null) };
    return { schema: rest, canBeNull: schema.type.includes("null") };
  }
  const inner = schema.anyOf?.find((entry) => entry.type !== "null");
  if (!schema.anyOf || !inner) return { schema, canBeNull: false };
  const { anyOf: _anyOf, ...own } = schema;
  return { schema: { ...resolve(inner, components), ...own }, canBeNull: true };
}

function typeOf(schema: JsonSchema, items: JsonSchema | undefined): string {
  if (items) return "array";
  if (schema.oneOf) return schema.oneOf.map((entry) => entry.type).join(" or ");
  if (schema.format === "date-time") return "time";
  if (schema.format === "uuid") return "UUID";
  if (schema.format === "uri") return "URL";
  return String(schema.type ?? "any");
}

function limitsOf(schema: JsonSchema): string {
  const limits = [
    ...(schema.enum ? [`One of ${schema.enum.map((value) => `\`${value}\``).join(", ")}.`] : []),
    ...(schema.type === "integer" && schema.maximum !== undefined
      ? [`From ${schema.minimum ?? 0} to ${schema.maximum}.`]
      : []),
    ...(schema.oneOf?.[0]?.maximum === undefined
      ? []
      : [`From ${schema.oneOf[0].minimum} to ${schema.oneOf[0].maximum}.`]),
    ...(schema.maxLength === undefined ? [] : [`At most ${schema.maxLength} characters.`]),
    ...(schema.default === undefined ? [] : [`Default: \`${schema.default}\`.`]),
  ];
  return limits.length > 0 ? ` ${limits.join(" ")}` : "";
}
