import type { Endpoint } from "@/lib/api/endpoint";
import { ENDPOINTS } from "@/lib/api/endpoints";
import { EXAMPLES, WEBHOOK_EXAMPLE } from "@/lib/api/examples";
import { errorsOf, openApiDocument } from "@/lib/api/openapi";
import { LIMITS, type LimitName, WINDOW_SECONDS } from "@/lib/api/rate-limit";
import { assetOf, labelOf, NETWORKS, networkSpec } from "@/lib/chains/networks";
import { ERROR_STATUS, type ErrorCode, STATUS_TEXT } from "@/lib/errors";
import { FIRST_RETRY_SECONDS, MAX_ATTEMPTS } from "@/lib/webhooks/schedule";
import { ERROR_HELP } from "./error-help";
import { fieldTable, type JsonSchema } from "./field-table";

/**
 * What the pages do not say by hand, because it would drift: `<!-- generated: NAME argument -->` in a page is replaced by
 * Markdown made from the same tables that the gateway works with.
 */
const GENERATORS: Record<string, (argument: string) => string> = {
  endpoint: (name) => endpointSection(endpointNamed(name)),
  endpoints: endpointList,
  errors: errorSections,
  limits: limitTable,
  networks: networkTable,
  retries: retryTable,
  "webhook-fields": () => fieldTable(schemaOf("WebhookEvent"), components()),
  "webhook-example": () => fence("json", JSON.stringify(WEBHOOK_EXAMPLE, null, 2)),
  schema: (name) => fieldTable(schemaOf(name), components()),
};

/** Puts in what is generated. @throws Error for a name that does not exist. */
export function expandGenerated(markdown: string): string {
  return markdown.replace(/<!-- generated: ([\w-]+) ?(.*?) -->/g, (_, name: string, argument: string) => {
    const generate = GENERATORS[name];
    if (!generate) throw new Error(`the docs ask for ${name}, which nothing generates`);
    return generate(argument);
  });
}

type Document = {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, JsonSchema> };
};
type Operation = {
  operationId: string;
  parameters?: { name: string; in: string; required: boolean; description?: string; schema: JsonSchema }[];
  requestBody?: { content: { "application/json": { schema: JsonSchema } } };
  responses: Record<string, { content: { "application/json": { schema: JsonSchema } } }>;
};

let document: Document | undefined;
const openApi = () => {
  document ??= openApiDocument(ENDPOINTS) as unknown as Document;
  return document;
};
const components = () => openApi().components.schemas;

function schemaOf(name: string): JsonSchema {
  const found = components()[name];
  if (!found) throw new Error(`the API has no schema ${name}`);
  return found;
}

function endpointNamed(name: string): Endpoint {
  const found = ENDPOINTS.find((endpoint) => endpoint.name === name);
  if (!found) throw new Error(`the API has no endpoint ${name}`);
  return found;
}

function operationOf({ name }: Endpoint): Operation {
  const found = Object.values(openApi().paths)
    .flatMap((path) => Object.values(path))
    .find((operation) => operation.operationId === name);
  if (!found) throw new Error(`the document has no operation ${name}`);
  return found;
}

const fence = (language: string, code: string, meta = "") => `\`\`\`${language}${meta && ` ${meta}`}\n${code}\n\`\`\``;
const row = (...cells: string[]) => `| ${cells.join(" | ")} |`;
/** In the order of a page: where the code is explained. */
const errorLink = (code: ErrorCode) => `[\`${code}\`](/docs/errors#${code})`;

function endpointSection(endpoint: Endpoint): string {
  const operation = operationOf(endpoint);
  const { request, response } = EXAMPLES[endpoint.name] ?? { response: null };
  const own = [...new Set(endpoint.errors)];
  const others = errorsOf(endpoint).filter((code) => !own.includes(code));
  const notes = [
    ...(endpoint.testOnly ? ["Test keys only."] : []),
    ...(endpoint.idempotent ? ["Takes an [`Idempotency-Key`](/docs/api#repeating-a-request-safely)."] : []),
    `At most ${LIMITS[endpoint.limit]} requests in ${WINDOW_SECONDS} seconds.`,
  ];
  const parameters = (operation.parameters ?? []).filter((parameter) => parameter.in !== "header");
  const properties = Object.fromEntries(
    parameters.map(({ name, description, schema }) => [name, description ? { ...schema, description } : schema]),
  );
  const required = parameters.filter((parameter) => parameter.required).map(({ name }) => name);
  const body = operation.requestBody?.content["application/json"].schema;
  const answer = operation.responses[endpoint.status]?.content["application/json"].schema;
  return [
    `## ${endpoint.summary}`,
    fence("http", `${endpoint.method} /api/v1${endpoint.path.replace(/:(\w+)/g, "{$1}")}`),
    endpoint.description,
    notes.join(" "),
    ...(parameters.length > 0 ? ["**Parameters**", fieldTable({ properties, required }, components())] : []),
    ...(body ? ["**Body**", fieldTable(body, components(), { isInput: true })] : []),
    fence("sh", curl(endpoint, request)),
    `**Answer**, ${endpoint.status}${answerName(answer)}`,
    fence("json", JSON.stringify(response, null, 2)),
    ...(isInvoice(answer) ? [] : [fieldTable(answer ?? {}, components())]),
    own.length > 0 ? `**Errors of its own:** ${own.map(errorLink).join(", ")}` : "",
    `**Errors of every request like it:** ${others.map(errorLink).join(", ")}`,
  ]
    .filter(Boolean)
    .join("\n\n");
}

const isInvoice = (schema: JsonSchema | undefined) => schema?.$ref === "#/components/schemas/Invoice";
const answerName = (schema: JsonSchema | undefined) =>
  isInvoice(schema) ? ": an [invoice](/docs/api-invoices#the-invoice)" : "";

function curl(endpoint: Endpoint, request: unknown): string {
  const url = `https://gateway.example.com/api/v1${endpoint.path.replace(":id", "550e8400-e29b-41d4-a716-446655440000").replace(":ref", "ORDER-12345")}`;
  const parts = [
    `curl -s ${url}`,
    ...(endpoint.method === "POST" && request === undefined ? ["-X POST"] : []),
    `-H "Authorization: Bearer test_YOUR_KEY"`,
    ...(request === undefined
      ? []
      : [`-H "Content-Type: application/json"`, `-d '${JSON.stringify(request, null, 2).replaceAll("\n", "\n  ")}'`]),
  ];
  return parts.join(" \\\n  ");
}

function endpointList(): string {
  const page: Record<string, string> = { Invoices: "api-invoices", Account: "api-account", Sandbox: "api-sandbox" };
  const anchor = (summary: string) =>
    summary
      .toLowerCase()
      .replace(/[^\w\s-]/g, "")
      .replace(/\s/g, "-");
  return [
    row("Endpoint", "What it does"),
    row("---", "---"),
    ...ENDPOINTS.map(({ method, path, summary, tag }) =>
      row(
        `\`${method} ${path.replace(/:(\w+)/g, "{$1}")}\``,
        `[${summary}](/docs/${page[tag] ?? "api"}#${anchor(summary)})`,
      ),
    ),
    row("`GET /openapi.json`", "The OpenAPI 3.1 document of all this. It needs no key."),
  ].join("\n");
}

function errorSections(): string {
  const codes = Object.keys(ERROR_STATUS) as ErrorCode[];
  const statuses = [...new Set(codes.map((code) => ERROR_STATUS[code]))].sort((a, b) => a - b);
  return statuses
    .flatMap((status) => [
      `## ${status} ${STATUS_TEXT[status]}`,
      ...codes
        .filter((code) => ERROR_STATUS[code] === status)
        .map((code) => {
          const { cause, cure } = ERROR_HELP[code];
          return `### ${code}\n\n**Cause.** ${cause}\n\n**Cure.** ${cure}`;
        }),
    ])
    .join("\n\n");
}

/** What each limit counts, in words. */
const LIMIT_WORDS: Record<LimitName, string> = {
  create: "`POST /invoices`",
  get: "`GET /invoices/{id}` and `GET /invoices/reference/{ref}`",
  list: "`GET /invoices`",
  sandbox: "`POST /sandbox/…`",
  cancel: "`POST /invoices/{id}/cancel`",
  account: "`GET /account` and `GET /account/api-logs`",
  failed_authentication: "Requests with a missing or wrong key, per IP address",
  public: "What needs no key: `GET /openapi.json` and paths that do not exist, per IP address",
};

function limitTable(): string {
  return [
    row("Requests", "In a minute", "Name in `RateLimit`"),
    row("---", "---", "---"),
    ...(Object.keys(LIMITS) as LimitName[]).map((name) => row(LIMIT_WORDS[name], String(LIMITS[name]), `\`${name}\``)),
  ].join("\n");
}

function networkTable(): string {
  return [
    row("Network", "`network`", "`assetCode`", "Confirmed after", "Token contract"),
    row("---", "---", "---", "---", "---"),
    ...NETWORKS.map((network) => {
      const { confirmations, finality, contract } = networkSpec(network);
      const finals = network === "tron" ? "and solidified" : "and finalized";
      const when = `${confirmations} confirmations${finality === "finalized" ? `, ${finals}` : ""}`;
      return row(labelOf(network), `\`${network}\``, `\`${assetOf(network)}\``, when, `\`${contract}\``);
    }),
  ].join("\n");
}

function retryTable(): string {
  const retries = Array.from({ length: MAX_ATTEMPTS - 1 }, (_, n) => FIRST_RETRY_SECONDS * 2 ** n);
  let sum = 0;
  return [
    row("Retry", "Pause before it", "Since the first attempt"),
    row("---", "---", "---"),
    ...retries.map((pause, i) => {
      sum += pause;
      return row(String(i + 1), duration(pause), duration(sum));
    }),
  ].join("\n");
}

function duration(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = seconds % 60;
  return [hours ? `${hours} h` : "", minutes ? `${minutes} min` : "", rest ? `${rest} s` : ""]
    .filter(Boolean)
    .join(" ");
}
