import { type ChildProcessWithoutNullStreams, execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Gateway, startGateway } from "@/e2e/gateway";
import { renderPage } from "@/lib/docs/render";
import { type CodeBlock, codeBlocks } from "./code-blocks";

/**
 * /docs/quick-start, followed line by line as a reader does: from an empty folder to a received and verified webhook. Every piece
 * of code of the page is used; what a reader fills in (capitals, YOUR_…) is filled in from what was printed before.
 */

const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const run = promisify(execFile);

let gateway: Gateway;
let folder: string;
let receiver: ChildProcessWithoutNullStreams | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "docs-quick-start-"));
  gateway = await startGateway({ env: { WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8" } });
});
afterAll(async () => {
  receiver?.kill();
  await gateway?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === "object" && address ? address.port : 0;
}

it("the quick start works as it is written", async () => {
  const port = await freePort();
  const filled: Record<string, string> = {
    // The page is read on the gateway itself, so it names its address; here it was read from the file.
    "http://localhost:3000": gateway.url,
    "127.0.0.1:4000": `127.0.0.1:${port}`,
    YOUR_ADDRESS: "0x52908400098527886E0F7030069857D2E4169EE7",
  };
  const fill = (code: string) => Object.entries(filled).reduce((text, [from, to]) => text.replaceAll(from, to), code);
  const shop = join(folder, "my-shop");
  let heard = "";

  const shell = async (code: string, cwd: string, env: Record<string, string> = {}) => {
    const { PATH = "", HOME = "" } = process.env;
    const { stdout } = await run("bash", ["-euo", "pipefail", "-c", code], {
      cwd,
      env: { PATH, HOME, NODE_ENV: "production", ...env },
    });
    return stdout.trim() === "" ? {} : (JSON.parse(stdout) as Record<string, never>);
  };

  const steps: Record<string, (block: CodeBlock) => Promise<void>> = {
    async gateway({ code }) {
      const printed = await shell(fill(code), ROOT, { DATA_DIR: gateway.dataDir, PORT: String(gateway.port) });
      const { merchantId, testKey, webhookSecret } = printed;
      if (!merchantId) return;
      filled.MERCHANT_ID = merchantId;
      filled.test_YOUR_KEY = testKey ?? "";
      filled.whsec_YOUR_SECRET = webhookSecret ?? "";
    },
    async shop({ code }) {
      await shell(fill(code), folder);
      expect(existsSync(shop)).toBe(true);
    },
    async receiver({ code }) {
      const { PATH = "" } = process.env;
      receiver = spawn("bash", ["-euc", `exec env ${fill(code).trim()}`], {
        cwd: shop,
        env: { PATH, NODE_ENV: "production", PORT: String(port) },
      });
      receiver.stdout.on("data", (text) => {
        heard += text;
      });
      receiver.stderr.on("data", (text) => {
        heard += text;
      });
      await expect.poll(() => heard, { timeout: 20_000 }).toContain("Waiting on");
    },
    async create({ code }) {
      const invoice = await shell(fill(code), shop);
      expect(invoice).toMatchObject({ status: "pending", reference: "ORDER-1001", amountUsdtExact: "25.0000" });
      filled.INVOICE_ID = invoice.id ?? "";
      // What /docs/white-label says of the public status is what it is.
      const status = await fetch(`${gateway.url}${new URL(String(invoice.paymentUrl)).pathname}/status`);
      const told = codeBlocks("white-label").find(({ code }) => code.includes('"serverTime"'));
      expect(Object.keys((await status.json()) as object)).toEqual(Object.keys(JSON.parse(told?.code ?? "{}")));
      expect((await fetch(String(invoice.paymentUrl).replace("http://localhost", "http://127.0.0.1"))).status).toBe(
        200,
      );
    },
    async pay({ code }) {
      expect(await shell(fill(code), shop)).toMatchObject({ status: "sent" });
    },
    async look({ code }) {
      const invoice = await shell(fill(code), shop);
      expect(invoice).toMatchObject({ status: "confirmed", payment: { txHash: expect.any(String) } });
    },
  };

  const used: CodeBlock[] = [];
  for (const block of codeBlocks("quick-start")) {
    const { file, run: step, output } = block.words;
    if (file !== undefined) writeFileSync(join(shop, file), block.code);
    else if (output !== undefined) await expect.poll(() => heard, { timeout: 30_000 }).toContain(block.code.trim());
    else await steps[step ?? ""]?.(block);
    if (file !== undefined || output !== undefined || (step && steps[step])) used.push(block);
  }
  expect(used).toEqual(codeBlocks("quick-start"));

  // What the reader was promised besides: a forged webhook is refused, a repeated one is handled once.
  const forged = await fetch(`http://127.0.0.1:${port}/webhook`, {
    method: "POST",
    headers: { "x-webhook-signature": "0".repeat(64) },
    body: "{}",
  });
  expect(forged.status).toBe(401);
  await sleep(500);
  expect(heard.match(/ORDER-1001/g)).toHaveLength(1);
}, 120_000);

it("the page shows the same code that was run", async () => {
  const source = readFileSync(join(ROOT, "content/docs/quick-start.md"), "utf8");
  for (const { code } of codeBlocks("quick-start")) {
    expect(source.replaceAll("https://gateway.example.com", "http://localhost:3000")).toContain(code);
  }
  const text = (html: string) =>
    html
      .replace(/<[^>]+>/g, "")
      .replace(/&#x([0-9A-F]+);/gi, (_, hex) => String.fromCodePoint(Number.parseInt(hex, 16)))
      .replaceAll("&lt;", "<");
  const shown = text((await renderPage("quick-start"))?.html ?? "").replaceAll("&amp;", "&");
  for (const { code } of codeBlocks("quick-start")) expect(shown).toContain(code.trim());
});
