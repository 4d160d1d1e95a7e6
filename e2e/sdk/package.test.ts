import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { command, emptyFolder, type PackedFile, packSdk, ROOT } from "./pack";

/** The SDK as a stranger gets it: packed, installed without a network, and used from every kind of project. */

const project = emptyFolder();
let files: PackedFile[];

beforeAll(async () => {
  const packed = await packSdk(project.path);
  files = packed.files;
  project.write({ "package.json": '{ "private": true }' });
  await command("npm", ["install", "--offline", "--no-audit", "--no-fund", `./${packed.tarball}`], project.path);
});
afterAll(() => project.remove());

const installed = () => join(project.path, "node_modules/usdt-gateway");
const vectors = readFileSync(join(ROOT, "sdk/vectors/webhook-signatures.json"), "utf8");

/** What a program does with the package in JavaScript; prints one line of JSON. */
const PROGRAM = `
const [vector] = ${vectors}.vectors;
const gateway = new UsdtGateway("test_abc", { baseUrl: "https://pay.example.com" });
const { "X-Webhook-Signature": signature } = vector.headers;
const event = webhooks.verify(vector.body, { "x-webhook-signature": signature }, vector.secret);
let refused;
try { gateway.webhooks.verify(vector.body, {}, vector.secret); } catch (error) { refused = error; }
console.log(JSON.stringify({
  type: event.type,
  mode: gateway.mode,
  sameDefault: Default === UsdtGateway,
  refused: refused instanceof WebhookVerificationError && refused instanceof UsdtGatewayError && refused.code,
}));
`;
const EXPECTED = { type: "invoice.confirmed", mode: "test", sameDefault: true, refused: "headers_missing" };
const NAMES = "UsdtGateway, UsdtGatewayError, WebhookVerificationError, webhooks";

describe("the package", () => {
  it("holds what is built, its licence and README, and nothing else", () => {
    const paths = files.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(["LICENSE", "README.md", "package.json"]));
    const others = paths.filter(
      (path) => !["LICENSE", "README.md", "package.json", "dist/cjs/package.json"].includes(path),
    );
    expect(others.filter((path) => !/^dist\/(esm|cjs)\/[a-z-]+(\.d\.ts|\.js)$/.test(path))).toEqual([]);
    expect(others.filter((path) => path.startsWith("dist/esm/")).length).toBe(
      others.filter((path) => path.startsWith("dist/cjs/")).length,
    );
    expect(files.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(200_000);
  });

  it("brings nothing else along", async () => {
    const tree = JSON.parse(await command("npm", ["ls", "--all", "--json"], project.path)) as {
      dependencies: Record<string, unknown>;
    };
    expect(Object.keys(tree.dependencies)).toEqual(["usdt-gateway"]);
    expect(JSON.stringify(tree)).not.toContain('"dependencies":{"usdt-gateway":{"dependencies"');
    const scripts = (JSON.parse(readFileSync(join(installed(), "package.json"), "utf8")) as { scripts: object })
      .scripts;
    expect(Object.keys(scripts).filter((name) => /install|^prepare$/.test(name))).toEqual([]);
  });

  it("every path of its export map is there", () => {
    const { exports, main, types } = JSON.parse(readFileSync(join(installed(), "package.json"), "utf8"));
    const leaves = (value: unknown): string[] =>
      typeof value === "string" ? [value] : Object.values(value as object).flatMap(leaves);
    for (const path of [...leaves(exports), main, types]) {
      expect(() => readFileSync(join(installed(), path))).not.toThrow();
    }
    // Types come first, or TypeScript does not see them.
    for (const condition of ["import", "require"]) expect(Object.keys(exports["."][condition])[0]).toBe("types");
  });
});

describe("JavaScript", () => {
  it("as an ES module", async () => {
    project.write({ "esm.mjs": `import Default, { ${NAMES} } from "usdt-gateway";${PROGRAM}` });
    expect(JSON.parse(await command(process.execPath, ["esm.mjs"], project.path))).toEqual(EXPECTED);
  });

  it("as CommonJS", async () => {
    project.write({ "cjs.cjs": `const { default: Default, ${NAMES} } = require("usdt-gateway");${PROGRAM}` });
    expect(JSON.parse(await command(process.execPath, ["cjs.cjs"], project.path))).toEqual(EXPECTED);
  });

  it("as CommonJS, imported dynamically", async () => {
    project.write({
      "dynamic.cjs": `import("usdt-gateway").then(({ default: Default, ${NAMES} }) => {${PROGRAM}});`,
    });
    expect(JSON.parse(await command(process.execPath, ["dynamic.cjs"], project.path))).toEqual(EXPECTED);
  });
});

/** A shop's code. It compiles only if the types say what the README says. */
const TYPED = `
import Default, { DuplicateReferenceError, type Invoice, UsdtGateway, type WebhookEvent, webhooks } from "usdt-gateway";

declare const env: Record<string, string | undefined>;
const gateway: Default = new UsdtGateway(env.KEY, {
  baseUrl: env.URL,
  fetch: (url, init) => fetch(url, init),
  payoutAddresses: { tron: "T", bsc: ["0x"] },
});

export async function sell(): Promise<string> {
  try {
    const invoice: Invoice = await gateway.invoices.create(
      { amountUsdt: "150.0000", assetCode: "USDT_TRC20", metadata: { a: 1 } },
      { idempotencyKey: "1", signal: AbortSignal.timeout(1000) },
    );
    const amount: string = invoice.amountUsdtExact;
    const confirmations: number | undefined = invoice.payment?.confirmations;
    return amount + confirmations + invoice.whiteLabel?.qrData;
  } catch (error) {
    if (error instanceof DuplicateReferenceError) return error.invoiceId ?? error.code;
    throw error;
  }
}

export function handle(body: Uint8Array, headers: Headers): string {
  const event: WebhookEvent = webhooks.verify(body, headers, env.SECRET, { toleranceSeconds: 60 });
  switch (event.type) {
    case "invoice.confirmed":
      return event.tx_hash + event.paid_at;
    case "invoice.expired":
    case "invoice.cancelled": {
      const nothing: null = event.tx_hash;
      return String(nothing);
    }
  }
}

export async function all(): Promise<number> {
  let count = 0;
  for await (const invoice of gateway.invoices.list({ status: "confirmed" })) count += invoice.reference.length;
  const page = await gateway.account.apiLogs({ limit: 5 });
  return count + page.pagination.total + page.data.length;
}

// @ts-expect-error an amount is needed
void gateway.invoices.create({});
// @ts-expect-error amounts are text
const sum: number = (null as unknown as Invoice).amountUsdt;
// @ts-expect-error there is no such status
void gateway.invoices.list({ status: "paid" });
export { sum };
`;

describe("TypeScript", () => {
  const nodeTypes = { typeRoots: [join(ROOT, "node_modules/@types")], types: ["node"] };
  const webTypes = { lib: ["ES2022", "DOM", "DOM.Iterable"], types: [] };

  it.each<[string, string, Record<string, unknown>]>([
    ["an ES module of Node.js", "app.mts", { module: "node16", ...nodeTypes }],
    ["CommonJS of Node.js", "app.cts", { module: "node16", ...webTypes }],
    ["a bundler", "app.ts", { module: "esnext", moduleResolution: "bundler", ...webTypes }],
    ["a bundler that keeps require", "app.cts", { module: "preserve", moduleResolution: "bundler", ...webTypes }],
    ["an old project", "app.ts", { module: "commonjs", moduleResolution: "node10", ...webTypes }],
  ])("%s (%s)", async (_what, file, options) => {
    const compilerOptions = {
      target: "ES2022",
      lib: ["ES2022"],
      strict: true,
      noEmit: true,
      esModuleInterop: true,
      // TypeScript's own libraries are not ours to check; the package's types are.
      skipDefaultLibCheck: true,
      ...options,
    };
    project.write({
      [file]: TYPED,
      "tsconfig.json": JSON.stringify({ compilerOptions, files: [file] }),
    });
    await command(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", "."], project.path);
  });

  it("the compiler does object where it should: the checks above can fail", async () => {
    const options = { target: "ES2022", module: "node16", strict: true, noEmit: true, skipLibCheck: true, types: [] };
    project.write({
      "wrong.mts": 'import { UsdtGateway } from "usdt-gateway";\nexport const x: number = UsdtGateway;\n',
      "tsconfig.json": JSON.stringify({ compilerOptions: options, files: ["wrong.mts"] }),
    });
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    await expect(command(process.execPath, [tsc, "-p", "."], project.path)).rejects.toThrow("TS2322");
  });
});
