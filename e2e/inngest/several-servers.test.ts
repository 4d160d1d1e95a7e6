import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type Balancer, startBalancer } from "@/e2e/balancer";
import { type Gateway, startGateway } from "@/e2e/gateway";
import { type RedisBridge, startRedisBridge } from "@/e2e/redis-bridge";
import { findTool } from "@/e2e/tools";
import { describeWithInngest, type Invoice, Market, until } from "./market";
import { freePorts, type InngestServer, startInngest } from "./server";

const METRICS_TOKEN = "token-of-the-metrics";

/** Two web servers behind a load balancer, one PostgreSQL, one Inngest, one Redis: the whole distributed deployment. */
describeWithInngest("two servers and Inngest on one database", (command) => {
  let inngest: InngestServer;
  let market: Market;
  let balancer: Balancer;
  let gateways: Gateway[];
  let bridge: RedisBridge | undefined;

  beforeAll(async () => {
    [inngest, market] = await Promise.all([startInngest(command), Market.open()]);
    const ports = await freePorts(2);
    balancer = await startBalancer(ports.map((port) => `http://127.0.0.1:${port}`));
    // The load balancer is the gateway's address, for customers and for Inngest.
    const redis = findTool("redis-server");
    if (redis) bridge = await startRedisBridge(redis);
    const shared: Record<string, string> = bridge
      ? { UPSTASH_REDIS_REST_URL: bridge.url, UPSTASH_REDIS_REST_TOKEN: bridge.token }
      : {};
    const env = {
      ...market.env,
      ...inngest.env,
      ...shared,
      APP_URL: balancer.url,
      RATE_LIMIT_MULTIPLIER: "8",
      METRICS_TOKEN,
    };
    // Both at once: the migrations of an empty database are theirs to share.
    gateways = await Promise.all(ports.map((port) => startGateway({ port, env })));
    await balancer.waitForHealthy(2);
    await market.settleIn(gateways[0] as Gateway, balancer.url);
  }, 600_000);

  afterAll(async () => {
    await Promise.all((gateways ?? []).map((gateway) => gateway.stop()));
    await balancer?.close();
    await bridge?.stop();
    await market?.close();
    await inngest?.stop();
  });

  afterEach(({ task }) => {
    if (task.result?.state !== "fail") return;
    for (const gateway of gateways) console.error(gateway.lines.slice(-30).join("\n"));
  });

  it("an invoice is paid, confirmed and announced; both servers took part", async () => {
    const invoice = await market.newInvoice();
    expect(invoice.paymentUrl).toBe(`${balancer.url}/pay/${invoice.reference}`);
    const hash = await market.pay(invoice);
    await market.expectPaidOnce(invoice, hash);
    for (const served of Object.values(balancer.served())) expect(served).toBeGreaterThan(0);
  });

  it("requests with one Idempotency-Key, sent to both servers at once, make one invoice", async () => {
    const { walletId } = await market.newWallet();
    const create = () =>
      market.call("POST", "/invoices", { amountUsdt: "7", walletId }, { "idempotency-key": "one-for-both" });
    const answers = await Promise.all(Array.from({ length: 12 }, create));
    const created = answers.filter((answer) => answer.status === 201);
    expect(created.length).toBeGreaterThan(0);
    // In flight elsewhere: told so, and the repeat gets the stored answer.
    expect(answers.filter((answer) => ![201, 409].includes(answer.status))).toEqual([]);
    const again = await create();
    expect(new Set([...created, again].map((answer) => answer.body.id)).size).toBe(1);
    const [{ count } = {}] = await market.query(`select count(*)::int from invoices where wallet_id = '${walletId}'`);
    expect(count).toBe(1);
  });

  it("invoices created on both servers at once never share an amount of a wallet", async () => {
    const wallet = await market.newWallet();
    const invoices = await Promise.all(Array.from({ length: 24 }, () => market.newInvoice("/hook", wallet)));
    expect(new Set(invoices.map((invoice) => invoice.amountUsdtExact)).size).toBe(24);
  });

  it("a rolling restart under load: no request fails, no payment is lost, no webhook comes twice under two names", async () => {
    const wallets = await Promise.all(Array.from({ length: 6 }, () => market.newWallet()));
    const paid: { invoice: Invoice; hash: string }[] = [];
    const failures: unknown[] = [];
    let requests = 0;
    let done = false;
    const load = wallets.map(async (wallet) => {
      while (!done) {
        try {
          const invoice = await market.newInvoice("/rolling", wallet);
          const { status } = await market.call("GET", `/invoices/${invoice.id}`);
          if (status !== 200) throw new Error(`GET answered ${status}`);
          requests += 2;
          if (paid.length < 8) paid.push({ invoice, hash: await market.pay(invoice, 1) });
        } catch (error) {
          failures.push(error);
        }
        await sleep(250);
      }
    });
    try {
      for (const gateway of gateways) {
        await sleep(1_500);
        await gateway.restart();
        await balancer.waitForHealthy(2);
      }
      await sleep(1_500);
    } finally {
      done = true;
      await Promise.all(load);
    }
    expect(failures).toEqual([]);
    expect(requests).toBeGreaterThan(40);
    expect(paid.length).toBeGreaterThan(4);
    await market.node.mine(12);
    for (const { invoice, hash } of paid) await market.expectPaidOnce(invoice, hash);
  }, 400_000);

  it("a server that is killed takes nothing with it: the other goes on", async () => {
    const [invoice, second] = await Promise.all([market.newInvoice(), market.newInvoice()]);
    const hash = await market.pay(invoice, 1);
    await gateways[1]?.kill("SIGKILL");
    const secondHash = await market.pay(second);
    await market.expectPaidOnce(invoice, hash);
    await market.expectPaidOnce(second, secondHash);
    await gateways[1]?.restart();
    await balancer.waitForHealthy(2);
  });

  it.runIf(existsSync("app/pay/[reference]/events"))(
    "event streams of a pay page through either server say the same, and go on after their server has left",
    async () => {
      const invoice = await market.newInvoice();
      const readers = Array.from({ length: 4 }, () => readEvents(`${invoice.paymentUrl}/events`));
      await until(() => readers.every((reader) => reader.events.length > 0), "every stream begins");
      const restarted = gateways[0]?.restart();
      await until(() => readers.some((reader) => reader.breaks > 0), "a stream breaks with its server");
      const hash = await market.pay(invoice);
      await Promise.all(readers.map((reader) => reader.ended));
      for (const { events } of readers) {
        expect(events[0]).toMatchObject({ status: "pending" });
        expect(events.at(-1)).toEqual(readers[0]?.events.at(-1));
        expect(events.at(-1)).toMatchObject({ status: "confirmed" });
      }
      await restarted;
      await balancer.waitForHealthy(2);
      await market.expectPaidOnce(invoice, hash);
    },
  );

  it("a rate limit is one for both servers", async ({ skip }) => {
    if (!bridge) {
      expect(process.env.CI, "redis-server is not installed").toBeUndefined();
      skip("redis-server is not installed");
    }
    /** How often a server has counted for itself, because Redis was late: on a busy machine that happens, and it is told. */
    const fallbacks = async () => {
      const pages = gateways.map(async ({ url }) => {
        const response = await fetch(`${url}/api/metrics`, { headers: { authorization: `Bearer ${METRICS_TOKEN}` } });
        return Number(/^usdt_gateway_rate_limit_fallbacks_total (\d+)$/m.exec(await response.text())?.[1]);
      });
      return (await Promise.all(pages)).reduce((sum, count) => sum + count);
    };
    let left: number[] = [];
    let atRedis = false;
    for (const deadline = Date.now() + 90_000; !atRedis && Date.now() < deadline; ) {
      const before = await fallbacks();
      left = [];
      for (let i = 0; i < 8; i++) {
        const { headers } = await market.call("GET", "/account");
        left.push(Number(/\br=(\d+)/.exec(headers.get("ratelimit") ?? "")?.[1]));
      }
      atRedis = (await fallbacks()) === before;
      // So long a server leaves Redis alone.
      if (!atRedis) await sleep(5_500);
    }
    expect(atRedis, "Redis counted").toBe(true);
    // The requests go to the servers in turn: by a count of its own, each would have told four of them, and 3 be between.
    expect((left[0] ?? 0) - (left[7] ?? 0), left.join(" ")).toBeGreaterThan(4);
  });
});

type Reader = { events: Record<string, unknown>[]; breaks: number; ended: Promise<void> };

/** Reads an event stream as a browser does: comes again when it breaks, until the invoice has its final state. */
function readEvents(url: string): Reader {
  const reader: Reader = { events: [], breaks: 0, ended: Promise.resolve() };
  const isOver = () => ["confirmed", "expired", "cancelled"].includes(String(reader.events.at(-1)?.status));
  const readOnce = async () => {
    const response = await fetch(url, { headers: { accept: "text/event-stream" } });
    let text = "";
    const stream = response.body?.getReader();
    const decoder = new TextDecoder();
    for (let read = await stream?.read(); read && !read.done; read = await stream?.read()) {
      text += decoder.decode(read.value, { stream: true });
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1];
        if (data) reader.events.push(JSON.parse(data));
        text = text.slice(end + 2);
      }
    }
  };
  reader.ended = (async () => {
    for (const deadline = Date.now() + 120_000; !isOver(); await sleep(250)) {
      if (Date.now() > deadline) throw new Error(`the stream never ended: ${JSON.stringify(reader.events)}`);
      await readOnce().catch(() => {});
      if (!isOver()) reader.breaks++;
    }
  })();
  return reader;
}
