import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type Balancer, startBalancer } from "@/e2e/balancer";
import { type Gateway, startGateway } from "@/e2e/gateway";
import { describeWithInngest, type Invoice, Market } from "./market";
import { freePorts, type InngestServer, startInngest } from "./server";

/** Two web servers behind a load balancer, one PostgreSQL, one Inngest: the whole distributed deployment. */
describeWithInngest("two servers and Inngest on one database", (command) => {
  let inngest: InngestServer;
  let market: Market;
  let balancer: Balancer;
  let gateways: Gateway[];

  beforeAll(async () => {
    [inngest, market] = await Promise.all([startInngest(command), Market.open()]);
    const ports = await freePorts(2);
    balancer = await startBalancer(ports.map((port) => `http://127.0.0.1:${port}`));
    // The load balancer is the gateway's address, for customers and for Inngest.
    const env = { ...market.env, ...inngest.env, APP_URL: balancer.url, RATE_LIMIT_MULTIPLIER: "6" };
    // Both at once: the migrations of an empty database are theirs to share.
    gateways = await Promise.all(ports.map((port) => startGateway({ port, env })));
    await balancer.waitForHealthy(2);
    await market.settleIn(gateways[0] as Gateway, balancer.url);
  }, 600_000);

  afterAll(async () => {
    await Promise.all((gateways ?? []).map((gateway) => gateway.stop()));
    await balancer?.close();
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
    for (const served of Object.values(balancer.served())) expect(served).toBeGreaterThan(3);
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

  it("without a shared Redis each server limits by its own count", async () => {
    // Six times 60 a minute on each of the two.
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => market.call("GET", "/account")));
    const limited = answers.filter((answer) => answer.status === 429);
    expect(limited.length).toBeGreaterThan(100);
    expect(limited.length).toBeLessThan(1_000 - 360);
    expect(limited[0]?.body).toMatchObject({ statusCode: 429, error: "Too Many Requests" });
    expect(Number(limited[0]?.headers.get("retry-after"))).toBeGreaterThan(0);
  });
});
