import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type Balancer, startBalancer } from "@/e2e/balancer";
import { type Gateway, startGateway } from "@/e2e/gateway";
import { describeWithInngest, type Invoice, Market, until } from "./market";
import { type InngestServer, startInngest } from "./server";

/** The gateway with a real Inngest server as the engine of its background work. */
describeWithInngest("with Inngest as the engine", (command) => {
  let inngest: InngestServer;
  /** Stands between the gateway and Inngest, to lose events. */
  let gate: Balancer;
  let losing = false;
  let lost = 0;
  let market: Market;
  let gateway: Gateway;
  let variables: Record<string, string>;
  /** An invoice whose first webhook is refused: the retry comes half a minute later, while the other tests run. */
  let refused: Invoice;

  beforeAll(async () => {
    [inngest, market] = await Promise.all([startInngest(command), Market.open()]);
    gate = await startBalancer([inngest.url], {
      healthPath: null,
      intercept: (request, response) => {
        if (!losing || !request.url?.startsWith("/e/")) return false;
        lost++;
        response.writeHead(200, { "content-type": "application/json" }).end('{"ids":["lost"],"status":200}');
        return true;
      },
    });
    variables = { ...market.env, ...inngest.env, INNGEST_BASE_URL: gate.url };
    gateway = await startGateway({ env: variables });
    await market.settleIn(gateway);
  }, 600_000);

  afterAll(async () => {
    await gateway?.stop();
    await gate?.close();
    await market?.close();
    await inngest?.stop();
  });

  afterEach(({ task }) => {
    if (task.result?.state !== "fail") return;
    console.error(gateway.lines.slice(-40).join("\n"));
    console.error(
      inngest.lines
        .filter((line) => !line.includes("traces export"))
        .slice(-40)
        .join("\n"),
    );
  });

  const health = async () => {
    const response = await fetch(`${gateway.url}/api/health`);
    const body = (await response.json()) as { status: string; backgroundWork: Record<string, unknown> };
    return { code: response.status, ...body };
  };

  it("an invoice is paid, confirmed and announced; health names the engine and its last turns", async () => {
    market.receiver.behave(
      (request) => ({ status: market.webhooksOf(refused).indexOf(request) === 0 ? 500 : 200 }),
      "/refused",
    );
    refused = await market.newInvoice("/refused");
    const invoice = await market.newInvoice();
    await market.pay(refused);
    const hash = await market.pay(invoice);
    await market.expectPaidOnce(invoice, hash);
    await until(async () => (await health()).status === "ok", "health is ok");
    expect(await health()).toMatchObject({
      code: 200,
      backgroundWork: {
        status: "ok",
        engine: "inngest",
        jobs: [
          { name: "scan ethereum", error: null },
          { name: "sweep", error: null },
        ],
      },
    });
  });

  it("a delayed payment of the sandbox comes at its time, and is confirmed and announced", async () => {
    const callbackUrl = `${market.receiver.url}/sandbox`;
    await market.newWallet();
    const invoice = (await market.callTest("POST", "/invoices", { amountUsdt: "9", callbackUrl })).body;
    const begun = Date.now();
    const simulation = { invoiceId: invoice.id, delaySeconds: 4 };
    expect((await market.callTest("POST", "/sandbox/simulate-payment", simulation)).body.status).toBe("scheduled");
    const webhook = await market.receiver.waitFor((request) => request.path === "/sandbox", 30_000);
    expect(webhook.receivedAtMs - begun).toBeGreaterThan(4_000);
    expect(JSON.parse(webhook.body)).toMatchObject({
      type: "invoice.confirmed",
      invoice_id: invoice.id,
      is_test: true,
    });
  });

  it("nobody commands background work without the signing key", async () => {
    for (const method of ["GET", "POST", "PUT"]) {
      const body = method === "GET" ? undefined : JSON.stringify({ ctx: {}, event: {}, events: [], steps: {} });
      const response = await fetch(`${gateway.url}/api/inngest?fnId=usdt-gateway-sweep&stepId=step`, { method, body });
      expect([method, response.status]).toEqual([method, 401]);
    }
  });

  it("an event that is lost starts nothing, and the sweep delivers", async () => {
    const invoice = await market.newInvoice();
    losing = true;
    const hash = await market.pay(invoice);
    await until(() => lost > 0, "an event is lost");
    losing = false;
    await sleep(2_000);
    expect(market.webhooksOf(invoice)).toEqual([]);
    await market.expectPaidOnce(invoice, hash);
  });

  it("Inngest killed between a payment and its confirmation: the payment is confirmed and announced once it is back", async () => {
    const invoice = await market.newInvoice();
    const hash = await market.pay(invoice, 2);
    await until(async () => (await market.read(invoice)).payment !== null, "the payment is seen");
    await inngest.kill();
    await market.node.mine(10);
    await sleep(2_000);
    expect(await market.read(invoice)).toMatchObject({ status: "pending", payment: { txHash: hash } });
    // As if it had been away for long: health tells, and the server stays in service.
    await market.query("update job_runs set ran_at = ran_at - interval '10 minutes'");
    expect(await health()).toMatchObject({ code: 200, status: "degraded", backgroundWork: { status: "down" } });
    await inngest.restart();
    await market.expectPaidOnce(invoice, hash);
    await until(async () => (await health()).status === "ok", "health is ok again");
  });

  it("a second server that runs the work by itself, on the same database, does no harm", async () => {
    const { INNGEST_BASE_URL: _, INNGEST_EVENT_KEY: __, INNGEST_SIGNING_KEY: ___, ...embedded } = variables;
    const second = await startGateway({ env: embedded });
    try {
      const wallets = await Promise.all(Array.from({ length: 3 }, () => market.newWallet()));
      for (let round = 0; round < 2; round++) {
        const invoices = await Promise.all(wallets.map((wallet) => market.newInvoice(`/both-${round}`, wallet)));
        const hashes: string[] = [];
        for (const invoice of invoices) hashes.push(await market.pay(invoice, 4));
        await market.node.mine(12);
        for (const [i, invoice] of invoices.entries()) {
          await market.expectPaidOnce(invoice, hashes[i] ?? "");
          expect(market.webhooksOf(invoice)).toHaveLength(1);
        }
      }
    } finally {
      await second.stop();
    }
  });

  it("a refused webhook comes again at the time that its row says", async () => {
    await until(() => market.webhooksOf(refused).length === 2, "the retry comes");
    const [first, second] = market.webhooksOf(refused);
    const seconds = ((second?.receivedAtMs ?? 0) - (first?.receivedAtMs ?? 0)) / 1000;
    expect(seconds).toBeGreaterThan(24);
    expect(seconds).toBeLessThan(36 + 15);
    expect(second?.id).toBe(first?.id);
    expect(second?.body).toBe(first?.body);
  });
});
