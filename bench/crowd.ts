import { setTimeout as sleep } from "node:timers/promises";
import type { Address } from "viem";
import { chainIds, startAnvil } from "@/e2e/chain/anvil";
import { type Gateway, startGateway } from "@/e2e/gateway";
import { type Receiver, startReceiver } from "@/e2e/receiver";
import { parseAmount, unitsToBase } from "@/lib/money";
import { type Bench, goal, median, ms, percentile, ratio, table, whole } from "./report";
import { type Merchant, newMerchant, openInvoices, request, withSql } from "./world";

const OPEN = [0, 100_000];
const CONFIRMATIONS = 12;
/** What "equal" leaves to noise: a poll comes at a random moment. */
const EQUAL = 1.15;

type World = { gateway: Gateway; merchant: Merchant; times: number[] };
type Invoice = { amountUsdtExact: string; payoutAddress: Address };

/** Whether a webhook takes longer when many invoices wait. */
export const bench: Bench = {
  options: { payments: 120, poll: 200 },
  method: ({ payments, poll }) =>
    `method: two gateways on one real node, polled every ${poll} ms; ${payments} times one invoice of each is paid in one block. The clock runs from\n` +
    "when the block that confirms both is mined, at a random moment between two polls, to when each webhook's body has arrived.",
  async run({ payments = 120, poll = 200 }) {
    const receiver = await startReceiver();
    const node = await startAnvil({ chainId: chainIds.ethereum });
    const worlds: World[] = [];
    try {
      for (const open of OPEN) worlds.push(await prepare(node.url, poll, open));
      for (let i = 0; i < payments; i++) {
        const invoices = await Promise.all(worlds.map((world, w) => create(world, `${w}-${i}`, receiver)));
        await node.sendBatch(
          invoices.map(({ payoutAddress, amountUsdtExact }) => {
            const parsed = parseAmount(amountUsdtExact);
            if (!parsed.ok) throw new Error(amountUsdtExact);
            return { to: payoutAddress, value: unitsToBase(parsed.units, node.decimals) };
          }),
        );
        // All but the last confirmation, which comes when those were read.
        await node.mine(CONFIRMATIONS - 2);
        await sleep(poll * (2 + Math.random()));
        await node.mine(1);
        const minedAt = Date.now();
        await Promise.all(
          worlds.map(async ({ times }, w) => {
            const mark = `"invoice_reference":"${w}-${i}"`;
            const webhook = await receiver.waitFor(({ body }) => body.includes(mark), 30_000);
            if (!webhook.body.includes('"status":"confirmed"')) throw new Error(`not confirmed: ${webhook.body}`);
            times.push(webhook.receivedAtMs - minedAt);
          }),
        );
      }
      table(
        ["open invoices", "payments", "p50", "p95", "max"],
        worlds.map(({ times }, w) => [
          whole(OPEN[w] ?? 0),
          String(times.length),
          ...[0.5, 0.95, 1].map((share) => ms(percentile(times, share))),
        ]),
      );
      const [few = 0, many = 0] = worlds.map(({ times }) => median(times));
      goal(`equal: p50 ≤ ${EQUAL} × (it is ${ratio(many / few)})`, many <= few * EQUAL);
    } finally {
      for (const { gateway } of worlds) await gateway.stop();
      await receiver.close();
      await node.stop();
    }
  },
};

async function prepare(url: string, poll: number, open: number): Promise<World> {
  const gateway = await startGateway({
    env: {
      ETHEREUM_RPC_URLS: url,
      ETHEREUM_POLL_MS: String(poll),
      WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8",
      RATE_LIMIT_MULTIPLIER: "1000",
    },
  });
  try {
    const merchant = await newMerchant(gateway, ["ethereum"]);
    if (open > 0) await withSql(gateway, (sql) => openInvoices(sql, open));
    return { gateway, merchant, times: [] };
  } catch (error) {
    await gateway.stop();
    throw error;
  }
}

/** An invoice whose amount no other one has. */
function create({ gateway, merchant }: World, reference: string, receiver: Receiver): Promise<Invoice> {
  return request<Invoice>(gateway, merchant.liveKey, "POST", "/invoices", {
    amountUsdt: `${1_000 + Number(reference.split("-")[1])}.00`,
    assetCode: "USDT_ERC20",
    reference,
    callbackUrl: `${receiver.url}/${reference}`,
  });
}
