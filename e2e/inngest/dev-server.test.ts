import { afterAll, beforeAll, expect, it } from "vitest";
import { type Gateway, startGateway } from "@/e2e/gateway";
import { describeWithInngest, Market, until } from "./market";
import { type InngestServer, startInngest } from "./server";

/** The gateway on Inngest's development server: INNGEST_DEV is all it needs, there are no keys. */
describeWithInngest("with Inngest's development server", (command) => {
  let inngest: InngestServer;
  let market: Market;
  let gateway: Gateway;

  beforeAll(async () => {
    [inngest, market] = await Promise.all([startInngest(command, "dev"), Market.open()]);
    gateway = await startGateway({ env: { ...market.env, ...inngest.env } });
    await market.settleIn(gateway);
  }, 600_000);

  afterAll(async () => {
    await gateway?.stop();
    await market?.close();
    await inngest?.stop();
  });

  it("an invoice is paid, confirmed and announced", async () => {
    const invoice = await market.newInvoice();
    const hash = await market.pay(invoice);
    await market.expectPaidOnce(invoice, hash);
    const health = async () => (await fetch(`${gateway.url}/api/health`)).json();
    await until(async () => (await health()).status === "ok", "health is ok");
    expect((await health()).backgroundWork).toMatchObject({ status: "ok", engine: "inngest" });
  });
});
