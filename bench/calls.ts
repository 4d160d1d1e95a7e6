import { type Anvil, chainIds, startAnvil } from "@/e2e/chain/anvil";
import { type FaultProxy, startFaultProxy } from "@/e2e/chain/fault-proxy";
import { type Gateway, startGateway } from "@/e2e/gateway";
import { type Bench, bytes, goal, table } from "./report";
import { type Merchant, newMerchant, randomAddress, request, untilScanned, withSql } from "./world";

const WALLETS = [1, 1_000, 100_000];
const STEPS = [...WALLETS.map((wallets) => ({ wallets, invoices: 0 })), { wallets: 100_000, invoices: 1_000 }];

type Count = { calls: Record<string, number>; requests: number; sent: number; received: number };

/** What a network costs at a provider, and that neither wallets nor invoices add to it. */
export const bench: Bench = {
  options: { blocks: 30, transfers: 50, poll: 1_000 },
  method: ({ blocks, transfers, poll }) =>
    `method: ${blocks} blocks with ${transfers} strangers' transfers each, one a poll (${poll} ms): the next is mined when the last was read. Counted by\n` +
    "a proxy in front of the node. Up to 1,000 wallets the node is asked for their logs, above for all of the token's: the calls are\n" +
    "the same, the bytes differ.",
  async run({ blocks = 30, transfers = 50, poll = 1_000 }) {
    const node = await startAnvil({ chainId: chainIds.ethereum });
    const proxy = await startFaultProxy({ target: node.url });
    const gateway = await startGateway({
      env: { ETHEREUM_RPC_URLS: proxy.url, ETHEREUM_POLL_MS: String(poll), RATE_LIMIT_MULTIPLIER: "100000" },
    });
    try {
      const merchant = await newMerchant(gateway, ["ethereum"]);
      const others = await newMerchant(gateway, []);
      const counts: Count[] = [];
      for (const { wallets, invoices } of STEPS) {
        await fillWallets(gateway, others, wallets);
        for (let i = 0; i < invoices; i++) {
          const body = { amountUsdt: `${i + 1}.00`, assetCode: "USDT_ERC20", expirySeconds: 7200 };
          await request(gateway, merchant.liveKey, "POST", "/invoices", body);
        }
        counts.push(await countBlocks(gateway, node, proxy, { blocks, transfers }));
      }
      const methods = [...new Set(counts.flatMap((count) => Object.keys(count.calls)))].sort();
      const perBlock = (value: number): string => (value / blocks).toFixed(2);
      const total = (count: Count): number => Object.values(count.calls).reduce((sum, n) => sum + n, 0);
      table(
        [
          "a block",
          ...STEPS.map(
            ({ wallets, invoices }) =>
              `${wallets.toLocaleString("en-US")} wallets${invoices ? ` + ${invoices.toLocaleString("en-US")} invoices` : ""}`,
          ),
        ],
        [
          ["RPC calls", ...counts.map((count) => perBlock(total(count)))],
          ...methods.map((method) => [`  ${method}`, ...counts.map((count) => perBlock(count.calls[method] ?? 0))]),
          ["HTTP requests", ...counts.map((count) => perBlock(count.requests))],
          ["bytes to the node", ...counts.map((count) => bytes(count.received / blocks))],
          ["bytes from the node", ...counts.map((count) => bytes(count.sent / blocks))],
        ],
      );
      const totals = counts.map(total);
      const [few = 0, , many = 0, withInvoices = 0] = totals;
      console.log(`  added by 99,999 wallets: ${((many - few) / blocks).toFixed(2)} calls a block`);
      console.log(`  added by 1,000 open invoices: ${((withInvoices - many) / blocks).toFixed(2)} calls a block`);
      // A poll between two blocks is the machine's doing.
      const spread = (Math.max(...totals) - Math.min(...totals)) / blocks;
      goal("0 calls per wallet or invoice", spread < 0.15);
    } finally {
      await gateway.stop();
      await proxy.stop();
      await node.stop();
    }
  },
};

/** Brings the network to so many wallets, on the watch list in the order that the scanner relies on. */
async function fillWallets(gateway: Gateway, merchant: Merchant, wanted: number): Promise<void> {
  await withSql(gateway, (sql) =>
    sql.begin(async (tx) => {
      const [list] = await tx`select last_seq from watch_lists where network = 'ethereum' for update`;
      const from = Number(list?.last_seq ?? 0);
      if (from >= wanted) return;
      await tx`
        insert into wallets (id, merchant_id, network, address, address_key, is_default, watch_seq)
        select gen_random_uuid(), ${merchant.merchantId}, 'ethereum', address, address, false, seq
        from generate_series(${from + 1}::bigint, ${wanted}::bigint) as seq,
          lateral (select '0x' || substr(encode(sha256(seq::text::bytea), 'hex'), 1, 40) as address) as made`;
      await tx`update watch_lists set last_seq = ${wanted} where network = 'ethereum'`;
    }),
  );
}

async function countBlocks(
  gateway: Gateway,
  node: Anvil,
  proxy: FaultProxy,
  { blocks, transfers }: { blocks: number; transfers: number },
): Promise<Count> {
  const readOne = async () => {
    const payouts = Array.from({ length: transfers }, () => ({ to: randomAddress(), value: 1_000_000n }));
    await untilScanned(gateway, (await node.sendBatch(payouts)).blockNumber);
  };
  // One block is read first, with which the scanner learns of new wallets.
  await readOne();
  proxy.resetCounts();
  for (let i = 0; i < blocks; i++) await readOne();
  return { calls: { ...proxy.calls }, ...proxy.bytes, requests: proxy.bytes.requests };
}
