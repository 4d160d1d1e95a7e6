import { readFileSync } from "node:fs";
import { type ClientRequest, get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { newVisitor, startBrowser } from "@/e2e/browser";
import { type Gateway, startGateway } from "@/e2e/gateway";
import { type Bench, bytes, goal, median, ms, table, whole } from "./report";
import { newMerchant, request } from "./world";

const GOAL_STREAM_BYTES = 100e6;
const GOAL_SCRIPT_BYTES = 130 * 1024;
const GOAL_LCP_MS = 1_000;
const METRICS_TOKEN = "bench-metrics-token";

type Invoice = { id: string; paymentUrl: string };

/** What a pay page weighs: in the browser, and on the server while many are open. */
export const bench: Bench = {
  options: { streams: 1000, seconds: 20, loads: 7 },
  method: ({ streams, seconds, loads }) =>
    `method: ${streams} event streams, each of an invoice of its own, held for ${seconds} s; the server's resident memory before and during, and\n` +
    `how many queries fed them. Then ${loads} cold loads of a waiting page in Chromium, phone, CPU slowed down 4 times, caches empty; medians.`,
  async run({ streams = 1000, seconds = 20, loads = 7 }) {
    if (process.platform !== "linux") throw new Error("This bench reads /proc: it runs on Linux only");
    const gateway = await startGateway({ env: { RATE_LIMIT_MULTIPLIER: "100000", METRICS_TOKEN } });
    try {
      const merchant = await newMerchant(gateway, ["ethereum"]);
      const invoices: Invoice[] = [];
      for (let i = 0; i < streams; i++) {
        const body = { amountUsdt: `${i + 1}.00`, expirySeconds: 7200, title: "Order 12345" };
        const { id, paymentUrl } = await request<Invoice>(gateway, merchant.testKey, "POST", "/invoices", body);
        invoices.push({ id, paymentUrl: paymentUrl.replace(/^https?:\/\/[^/]+/, gateway.url) });
      }
      await measureStreams(gateway, merchant.testKey, invoices, seconds);
      // One that nobody pays meanwhile: its page stands still by itself.
      await measureLoads(invoices.at(-1)?.paymentUrl ?? "", loads);
    } finally {
      await gateway.stop();
    }
  },
};

async function measureStreams(gateway: Gateway, key: string, invoices: Invoice[], seconds: number): Promise<void> {
  // What a first use loads and compiles is not a stream's.
  const warm = await Promise.all(invoices.slice(0, 20).map(openStream));
  await sleep(3_000);
  for (const stream of warm) stream.request.destroy();
  await sleep(seconds * 1000);
  const before = residentOf(gateway.pid);
  const streams = await Promise.all(invoices.map(openStream));
  await sleep(seconds * 1000);
  const during = residentOf(gateway.pid);
  const polls = await pollsOf(gateway);
  await sleep(seconds * 1000);
  const perSecond = ((await pollsOf(gateway)) - polls) / seconds;
  const paid = invoices[0];
  const begun = Date.now();
  await request(gateway, key, "POST", "/sandbox/simulate-payment", { invoiceId: paid?.id });
  while (!streams[0]?.text().includes('"payment":{')) await sleep(5);
  const toldMs = Date.now() - begun;
  const alive = streams.filter((stream) => stream.isOpen()).length;
  for (const stream of streams) stream.request.destroy();
  table(
    ["streams", "open", "memory", "each", "queries a second", "payment → page"],
    [
      [
        whole(invoices.length),
        whole(alive),
        bytes(during - before),
        bytes((during - before) / invoices.length),
        perSecond.toFixed(2),
        ms(toldMs),
      ],
    ],
  );
  goal("1,000 streams < 100 MB", (during - before) / invoices.length < GOAL_STREAM_BYTES / 1000);
  goal("one query a second feeds them all", perSecond > 0.2 && perSecond <= 1.1);
}

function openStream({
  paymentUrl,
}: Invoice): Promise<{ request: ClientRequest; text: () => string; isOpen: () => boolean }> {
  return new Promise((opened, failed) => {
    let text = "";
    let open = true;
    const made = get(`${paymentUrl}/events`, { agent: false }, (response) => {
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        opened({ request: made, text: () => text, isOpen: () => open });
      });
      response.on("close", () => {
        open = false;
      });
    });
    made.on("error", failed);
  });
}

async function pollsOf(gateway: Gateway): Promise<number> {
  const headers = { authorization: `Bearer ${METRICS_TOKEN}` };
  const text = await (await fetch(`${gateway.url}/api/metrics`, { headers })).text();
  return Number(/^usdt_gateway_pay_polls_total (\d+)/m.exec(text)?.[1] ?? 0);
}

const residentOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;

async function measureLoads(url: string, loads: number): Promise<void> {
  const browser = await startBrowser();
  const seen: { lcp: number; cls: number; script: number; total: number }[] = [];
  try {
    for (let i = 0; i < loads; i++) {
      const visitor = await newVisitor(browser, "phone");
      const page = await visitor.newPage();
      const sizes = { script: 0, total: 0 };
      page.on("response", async (response) => {
        const body = await response.body().catch(() => Buffer.alloc(0));
        const packed = gzipSync(body, { level: 9 }).length;
        sizes.total += packed;
        if (response.request().resourceType() === "script") sizes.script += packed;
      });
      const client = await visitor.newCDPSession(page);
      await client.send("Emulation.setCPUThrottlingRate", { rate: 4 });
      await page.addInitScript(() => {
        const figures = { lcp: 0, cls: 0 };
        Object.assign(window, { figures });
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) figures.lcp = entry.startTime;
        }).observe({ type: "largest-contentful-paint", buffered: true });
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) figures.cls += (entry as PerformanceEntry & { value: number }).value;
        }).observe({ type: "layout-shift", buffered: true });
      });
      await page.goto(url, { waitUntil: "load" });
      await sleep(3_000);
      const figures = await page.evaluate(
        () => (window as unknown as { figures: { lcp: number; cls: number } }).figures,
      );
      const inline = await page
        .locator("script:not([src])")
        .evaluateAll((all) => all.map((one) => one.textContent).join("\n"));
      seen.push({ ...figures, total: sizes.total, script: sizes.script + gzipSync(inline, { level: 9 }).length });
      await visitor.close();
    }
  } finally {
    await browser.close();
  }
  const of = (name: keyof (typeof seen)[number]) => seen.map((one) => one[name]);
  const script = Math.max(...of("script"));
  const cls = Math.max(...of("cls"));
  table(
    ["cold loads", "JavaScript, gzipped", "everything, gzipped", "LCP", "CLS, worst"],
    [[whole(loads), bytes(script), bytes(median(of("total"))), ms(median(of("lcp"))), cls.toFixed(4)]],
  );
  goal("JavaScript ≤ 130 KB", script <= GOAL_SCRIPT_BYTES);
  goal("LCP < 1 s", median(of("lcp")) < GOAL_LCP_MS);
  goal("CLS 0", cls === 0);
}
