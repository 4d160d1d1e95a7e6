import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { type Anvil, chainIds, startAnvil } from "@/e2e/chain/anvil";
import { callNode, toQuantity } from "@/e2e/chain/rpc";
import { transferTopic } from "@/e2e/chain/token";
import { type Gateway, startGateway } from "@/e2e/gateway";
import { type Bench, goal, ratio, table, whole } from "./report";
import { newMerchant, randomAddress, withSql } from "./world";

const RANGES = [100, 500, 2_000];
/** Above a thousand wallets the node is asked for all of the token's transfers. */
const WALLETS = [1, 1_001];
const GOAL_BLOCKS = 400;

/** How fast a gateway that was away reads what it missed, against a client that only asks for it. */
export const bench: Bench = {
  options: { blocks: 4_000, logs: 70 },
  method: ({ blocks, logs }) =>
    `method: ${blocks} blocks with ${logs} transfers each, mined while the gateway is down; from the cursor's first move after the ` +
    "start to the head.\nThe bare client asks the same node for the same logs, range by range, and parses the answers; its best range counts.",
  async run({ blocks = 4_000, logs = 70 }) {
    const node = await startAnvil({ chainId: chainIds.ethereum });
    const env = { ETHEREUM_RPC_URLS: node.url, ETHEREUM_POLL_MS: "200" };
    const gateway = await startGateway({ env });
    try {
      const merchant = await newMerchant(gateway, ["ethereum"]);
      const rows: string[][] = [];
      for (const wallets of WALLETS) {
        if (wallets > 1) await addWallets(gateway, merchant.merchantId, wallets - 1);
        await untilScanned(gateway, (await node.mine()).number);
        const watched = wallets > 1 ? null : await addressOf(gateway);
        await gateway.kill("SIGTERM");
        const from = (await node.head()).number + 1;
        await fill(node, blocks, logs);
        const bare = await bareRates(node, from, from + blocks - 1, watched);
        const scanned = await catchUp(gateway, from + blocks - 1);
        const best = Math.max(...bare);
        rows.push([
          wallets > 1 ? "1,001 wallets: all logs" : "1 wallet: the node chooses",
          whole(scanned),
          whole(best),
          ratio(scanned / best),
        ]);
        if (wallets > 1) {
          goal(`≥ ${GOAL_BLOCKS} blocks a second`, scanned >= GOAL_BLOCKS);
          goal("≥ half of what the node serves", scanned >= best / 2);
        }
      }
      table(["blocks a second", "gateway", "bare client", "gateway ÷ bare"], rows);
    } finally {
      await gateway.stop();
      await node.stop();
    }
  },
};

async function fill(node: Anvil, blocks: number, logs: number): Promise<void> {
  for (let i = 0; i < blocks; i++) {
    await node.sendBatch(Array.from({ length: logs }, () => ({ to: randomAddress(), value: 1_000_000n })));
  }
}

/** Puts more wallets on the watch list, under its counter's lock. */
async function addWallets(gateway: Gateway, merchantId: string, count: number): Promise<void> {
  await withSql(gateway, (sql) =>
    sql.begin(async (tx) => {
      const [list] = await tx`select last_seq::int as seq from watch_lists where network = 'ethereum' for update`;
      await tx`
        insert into wallets (id, merchant_id, network, address, address_key, is_default, watch_seq)
        select gen_random_uuid(), ${merchantId}, 'ethereum', address, address, false, ${Number(list?.seq)}::int + n
        from generate_series(1, ${count}::int) as n,
          lateral (select '0x' || substr(encode(sha256(n::text::bytea), 'hex'), 1, 40) as address) as made`;
      await tx`update watch_lists set last_seq = last_seq + ${count} where network = 'ethereum'`;
    }),
  );
}

async function bareRates(node: Anvil, from: number, to: number, recipient: string | null): Promise<number[]> {
  const topics: unknown[] = [transferTopic];
  if (recipient !== null) topics.push(null, `0x${recipient.slice(2).padStart(64, "0")}`);
  const rates: number[] = [];
  for (const range of RANGES) {
    const begun = performance.now();
    for (let start = from; start <= to; start += range) {
      const end = Math.min(to, start + range - 1);
      const filter = { address: node.token, topics, fromBlock: toQuantity(start), toBlock: toQuantity(end) };
      await callNode<unknown[]>(node.url, "eth_getLogs", [filter]);
    }
    rates.push(((to - from + 1) * 1000) / (performance.now() - begun));
  }
  return rates;
}

type Seen = { number: number; at: number };

/** Starts the gateway again. @returns blocks a second from the cursor's first move to `head`. */
async function catchUp(gateway: Gateway, head: number): Promise<number> {
  const restarted = gateway.restart();
  const seen: Seen[] = [];
  for (let client: postgres.Sql | null = null; ; await sleep(10)) {
    try {
      // There is no database until the start has brought one up.
      client ??= postgres(gateway.databaseUrl(), { max: 1, onnotice: () => {} });
      const now: Seen = { number: await scanned(client), at: performance.now() };
      seen.push(now);
      if (now.number < head) continue;
      await client.end();
      await restarted;
      const moved = seen.findIndex(({ number }, i) => number > (seen[i - 1]?.number ?? number));
      const first = seen[moved - 1];
      if (!first) throw new Error("the gateway had nothing to read");
      return ((now.number - first.number) * 1000) / (now.at - first.at);
    } catch (error) {
      if (seen.at(-1)?.number === head) throw error;
      await client?.end({ timeout: 0 }).catch(() => {});
      client = null;
    }
  }
}

async function scanned(sql: postgres.Sql): Promise<number> {
  const [row] = await sql<{ n: number | null }[]>`
    select scanned_number::int as n from network_cursors where network = 'ethereum' and mode = 'live'`;
  return row?.n ?? -1;
}

async function untilScanned(gateway: Gateway, number: number): Promise<void> {
  await withSql(gateway, async (sql) => {
    while ((await scanned(sql)) !== number) await sleep(50);
  });
}

async function addressOf(gateway: Gateway): Promise<string> {
  const [row] = await withSql(gateway, (sql) => sql<{ key: string }[]>`select address_key as key from wallets limit 1`);
  return row?.key ?? "";
}
