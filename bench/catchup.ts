import { setTimeout as sleep } from "node:timers/promises";
import type postgres from "postgres";
import { connect } from "@/db/connect";
import { type Anvil, chainIds, type Head, startAnvil } from "@/e2e/chain/anvil";
import { callNodeBatch, toQuantity } from "@/e2e/chain/rpc";
import { tokenCalls, transferTopic } from "@/e2e/chain/token";
import { type Gateway, startGateway } from "@/e2e/gateway";
import { type Bench, goal, median, ratio, table, whole } from "./report";
import { newMerchant, randomAddress, scanned, untilScanned, withSql } from "./world";

const RANGES = [100, 500, 2_000];
/** Above a thousand wallets the node is asked for all of the token's transfers. */
const WALLETS = [1, 1_001];
const GOAL_BLOCKS = 400;
const GOAL_SHARE = 0.5;

/** How fast a gateway that was away reads what it missed, against a client that only asks for it. */
export const bench: Bench = {
  // The blocks of an Ethereum day: a short run measures how a cold process warms up.
  options: { blocks: 7_200, logs: 70, rounds: 3 },
  method: ({ blocks, logs, rounds }) =>
    `method: ${whole(blocks ?? 0)} blocks with ${logs} transfers each, mined while the gateway is down; from the cursor's first move after the start to\n` +
    `the head. The bare client asks the same node for the same: logs and headers, in ranges of ${RANGES.join(", ")} blocks (in the first round;\n` +
    `then of the fastest), and parses the answers. ${rounds} rounds in turns. Medians of the rounds, ratios within a round.`,
  async run({ blocks = 7_200, logs = 70, rounds = 3 }) {
    const node = await startAnvil({ chainId: chainIds.ethereum });
    const gateway = await startGateway({ env: { ETHEREUM_RPC_URLS: node.url, ETHEREUM_POLL_MS: "200" } });
    try {
      const merchant = await newMerchant(gateway, ["ethereum"]);
      const before = await node.mine();
      await untilScanned(gateway, before.number);
      const address = await addressOf(gateway);
      await gateway.kill("SIGKILL");
      const strangers = Array.from({ length: logs }, () => ({ to: randomAddress(), value: 1_000_000n }));
      await node.setAutomine(false);
      for (let i = 0; i < blocks; i++) {
        await node.submit(tokenCalls.batchTransfer(strangers));
        await node.rpc("evm_mine");
      }
      const head = before.number + blocks;
      const rows: string[][] = [];
      const figures: { rate: number; share: number }[] = [];
      for (const wallets of WALLETS) {
        const rates: number[] = [];
        const bares: number[] = [];
        let ranges = RANGES;
        for (let round = 0; round < rounds; round++) {
          const recipient = wallets === 1 ? address : null;
          // PostgreSQL goes on without it.
          await gateway.kill("SIGKILL");
          await rewind(gateway, before, wallets, merchant.merchantId);
          const bare = await fastest(ranges, (range) => bareRate(node, before.number + 1, head, recipient, range));
          ranges = [bare.range];
          bares.push(bare.rate);
          rates.push(await catchUp(gateway, head));
        }
        const figure = { rate: median(rates), share: median(rates.map((rate, i) => rate / (bares[i] ?? 0))) };
        figures.push(figure);
        const name = wallets === 1 ? "1 wallet: the node chooses" : "1,001 wallets: all logs";
        rows.push([name, whole(figure.rate), whole(median(bares)), ratio(figure.share)]);
      }
      table(["blocks a second", "gateway", "bare client", "gateway ÷ bare"], rows);
      goal(
        `≥ ${GOAL_BLOCKS} blocks a second`,
        figures.every(({ rate }) => rate >= GOAL_BLOCKS),
      );
      // With one wallet the node has nothing to serve: that share is of a client that asks and gets no answer worth reading.
      goal(
        `≥ ${GOAL_SHARE} of what the node serves of ${logs} logs a block`,
        (figures.at(-1)?.share ?? 0) >= GOAL_SHARE,
      );
    } finally {
      await gateway.stop();
      await node.stop();
    }
  },
};

async function fastest(
  ranges: readonly number[],
  measure: (range: number) => Promise<number>,
): Promise<{ range: number; rate: number }> {
  let best = { range: 0, rate: 0 };
  for (const range of ranges) {
    const rate = await measure(range);
    if (rate > best.rate) best = { range, rate };
  }
  return best;
}

/** Blocks a second that a client reads who does nothing with them. */
async function bareRate(
  node: Anvil,
  from: number,
  to: number,
  recipient: string | null,
  range: number,
): Promise<number> {
  const topics: unknown[] = [transferTopic];
  if (recipient !== null) topics.push(null, `0x${recipient.slice(2).padStart(64, "0")}`);
  const begun = performance.now();
  for (let start = from; start <= to; start += range) {
    const [first, last] = [toQuantity(start), toQuantity(Math.min(to, start + range - 1))];
    const filter = { address: node.token, topics, fromBlock: first, toBlock: last };
    const answers = await callNodeBatch(node.url, [
      { method: "eth_getBlockByNumber", params: [first, false] },
      { method: "eth_getBlockByNumber", params: [last, false] },
      { method: "eth_getLogs", params: [filter] },
    ]);
    for (const { error } of answers) if (error) throw new Error(error.message);
  }
  return ((to - from + 1) * 1000) / (performance.now() - begun);
}

type Seen = { number: number; at: number };

/** Starts the gateway again. @returns blocks a second from the cursor's first move to `head`. */
async function catchUp(gateway: Gateway, head: number): Promise<number> {
  const restarted = gateway.restart();
  const seen: Seen[] = [];
  for (let client: postgres.Sql | null = null; ; await sleep(5)) {
    try {
      // There is no database until the start has brought one up.
      client ??= connect(gateway.databaseUrl(), { max: 1 });
      const now: Seen = { number: await scanned(client), at: performance.now() };
      seen.push(now);
      if (now.number < head) continue;
      await client.end();
      await restarted;
      // What was read for the first move began before anybody looked.
      const first = seen.find(({ number }) => number > (seen[0]?.number ?? number));
      if (!first || first.number >= head) throw new Error("the gateway was faster than it could be watched");
      return ((now.number - first.number) * 1000) / (now.at - first.at);
    } catch (error) {
      if (seen.at(-1)?.number === head) throw error;
      await client?.end({ timeout: 0 }).catch(() => {});
      client = null;
    }
  }
}

/** Makes the gateway forget what it read after a block, and have so many wallets. For one that is not running. */
async function rewind(gateway: Gateway, to: Head, wallets: number, merchantId: string): Promise<void> {
  await withSql(gateway, (sql) =>
    sql.begin(async (tx) => {
      const [list] = await tx`select last_seq::int as seq from watch_lists where network = 'ethereum' for update`;
      const seq = Number(list?.seq);
      await tx`
        insert into wallets (id, merchant_id, network, address, address_key, is_default, watch_seq)
        select gen_random_uuid(), ${merchantId}, 'ethereum', address, address, false, n
        from generate_series(${seq + 1}::int, ${wallets}::int) as n,
          lateral (select '0x' || substr(encode(sha256(n::text::bytea), 'hex'), 1, 40) as address) as made`;
      await tx`update watch_lists set last_seq = ${Math.max(seq, wallets)} where network = 'ethereum'`;
      await tx`delete from blocks where number > ${to.number}`;
      await tx`insert into blocks (network, number, hash, parent_hash, time)
        values ('ethereum', ${to.number}, ${to.hash}, ${to.parentHash}, to_timestamp(${to.timestamp})) on conflict do nothing`;
      await tx`
        update network_cursors set scanned_number = ${to.number}, scanned_hash = ${to.hash},
          scanned_time = to_timestamp(${to.timestamp}), looked_number = ${to.number}, lease_until = null
        where network = 'ethereum' and mode = 'live'`;
    }),
  );
}

async function addressOf(gateway: Gateway): Promise<string> {
  const [row] = await withSql(gateway, (sql) => sql<{ key: string }[]>`select address_key as key from wallets limit 1`);
  return row?.key ?? "";
}
