import { setTimeout as sleep } from "node:timers/promises";
import type { Address } from "viem";
import { type Anvil, chainIds, startAnvil } from "@/e2e/chain/anvil";
import { type Gateway, startGateway } from "@/e2e/gateway";
import { type Receiver, startReceiver } from "@/e2e/receiver";
import { parseAmount, unitsToBase } from "@/lib/money";
import { type Bench, goal, ms, percentile, table } from "./report";
import { type Merchant, newMerchant, request } from "./world";

const NETWORKS = [
  { name: "ethereum", asset: "USDT_ERC20", confirmations: 12 },
  { name: "bsc", asset: "USDT_BSC", confirmations: 15 },
] as const;
const GOAL_MS = 2_000;

type Invoice = { id: string; amountUsdtExact: string; payoutAddress: string };

/** How long a webhook takes once the chain has said the last word. */
export const bench: Bench = {
  options: { payments: 60, poll: 1000 },
  method: ({ payments, poll }) =>
    `method: ${payments} payments a network on real EVM nodes, polled every ${poll} ms; the clock runs from when the block that ` +
    "confirms\na payment is mined, at a random moment between two polls, to when the webhook's body has arrived.",
  async run({ payments = 60, poll = 1000 }) {
    const receiver = await startReceiver();
    const nodes = await Promise.all(NETWORKS.map(({ name }) => startAnvil({ chainId: chainIds[name] })));
    const gateway = await startGateway({
      env: {
        ETHEREUM_RPC_URLS: nodes[0]?.url ?? "",
        BSC_RPC_URLS: nodes[1]?.url ?? "",
        ETHEREUM_POLL_MS: String(poll),
        BSC_POLL_MS: String(poll),
        WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8",
        RATE_LIMIT_MULTIPLIER: "1000",
      },
    });
    try {
      const merchant = await newMerchant(gateway, ["ethereum", "bsc"]);
      const measured = await Promise.all(
        NETWORKS.map((network, i) => {
          const node = nodes[i];
          if (!node) throw new Error("no node");
          return payAll({ gateway, receiver, merchant, node, network, payments, poll });
        }),
      );
      table(
        ["network", "payments", "p50", "p95", "max"],
        NETWORKS.map(({ name }, i) => {
          const times = measured[i] ?? [];
          const figures = [0.5, 0.95, 1].map((share) => ms(percentile(times, share)));
          return [name, String(times.length), ...figures];
        }),
      );
      const worst = Math.max(...measured.map((times) => percentile(times, 0.95)));
      goal(`p95 ≤ ${GOAL_MS} ms`, worst <= GOAL_MS);
      goal(
        "one webhook a payment",
        new Set(receiver.requests.map((webhook) => webhook.id)).size === receiver.requests.length &&
          receiver.requests.length === payments * NETWORKS.length,
      );
    } finally {
      await gateway.stop();
      await receiver.close();
      for (const node of nodes) await node.stop();
    }
  },
};

async function payAll(world: {
  gateway: Gateway;
  receiver: Receiver;
  merchant: Merchant;
  node: Anvil;
  network: (typeof NETWORKS)[number];
  payments: number;
  poll: number;
}): Promise<number[]> {
  const { gateway, receiver, merchant, node, network, payments, poll } = world;
  const times: number[] = [];
  for (let i = 0; i < payments; i++) {
    const reference = `${network.name}-${i}`;
    const invoice = await request<Invoice>(gateway, merchant.liveKey, "POST", "/invoices", {
      amountUsdt: `${i + 1}.00`,
      assetCode: network.asset,
      reference,
      callbackUrl: `${receiver.url}/${network.name}`,
    });
    const parsed = parseAmount(invoice.amountUsdtExact);
    if (!parsed.ok) throw new Error(invoice.amountUsdtExact);
    await node.sendTransfer({
      to: invoice.payoutAddress as Address,
      value: unitsToBase(parsed.units, node.decimals),
    });
    // All but the last confirmation, which comes when those were read, at a moment that polls know nothing of.
    await node.mine(network.confirmations - 2);
    await sleep(poll * (0.5 + Math.random()));
    await node.mine(1);
    const minedAt = Date.now();
    const webhook = await receiver.waitFor(({ body }) => body.includes(`"invoice_reference":"${reference}"`), 30_000);
    if (!webhook.body.includes('"status":"confirmed"')) throw new Error(`not confirmed: ${webhook.body}`);
    times.push(webhook.receivedAtMs - minedAt);
  }
  return times;
}
