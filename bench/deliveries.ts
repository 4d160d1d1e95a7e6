import { fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { manyDeliveries } from "@/e2e/deliveries";
import { type Gateway, startGateway } from "@/e2e/gateway";
import { type Receiver, startReceiver } from "@/e2e/receiver";
import { type Bench, goal, ms, percentile, table, whole } from "./report";
import { type Merchant, newMerchant, withSql } from "./world";

const RATE_GOAL = 500;
const DELAY_GOAL_MS = 1_000;
const HANG_MS = 30_000;

/** How fast webhooks leave, and whom a receiver that hangs holds up. */
export const bench: Bench = {
  options: { due: 5_000, hanging: 20, samples: 20 },
  method: ({ due = 0, hanging, samples }) =>
    `method: one server with its embedded database, receivers in processes of their own on the same machine. ${whole(due)} deliveries due at once\n` +
    `to one receiver that answers at once; 1,000 due at once to ten merchants' receivers; then ${hanging} merchants with 40 due each whose receiver\n` +
    `answers after 30 s; ${samples} webhooks of another merchant are timed to their arrival, before and meanwhile.`,
  async run({ due = 5_000, hanging = 20, samples = 20 }) {
    const gateway = await startGateway({ env: { WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8", LOG_LEVEL: "error" } });
    const sink = await startSink();
    const slow = await startReceiver();
    const quick = await startReceiver();
    try {
      const alone = await newMerchant(gateway, ["ethereum"]);
      // Warm: code compiled, statements prepared.
      await makeDue(gateway, alone, `${sink.url}/warm`, 500);
      await emptied(gateway);

      await sink.reset();
      const one = await drain(gateway, sink, async () => makeDue(gateway, alone, `${sink.url}/one`, due));
      await sink.reset();
      const merchants: Merchant[] = [];
      for (let i = 0; i < 10; i++) merchants.push(await newMerchant(gateway, ["ethereum"]));
      const ten = await drain(gateway, sink, async () => {
        for (const merchant of merchants) await makeDue(gateway, merchant, `${sink.url}/ten`, 100);
      });
      table(
        ["due at once", "deliveries", "all recorded after", "a second", "server's CPU each", "received", "distinct"],
        [
          ["one merchant, one receiver", ...one.cells],
          ["ten merchants", ...ten.cells],
        ],
      );
      goal(`≥ ${RATE_GOAL} deliveries a second to a healthy receiver`, one.perSecond >= RATE_GOAL);
      goal("1,000 due at once are all delivered, each once", ten.received === 1_000 && ten.distinct === 1_000);

      // Nobody nudges here, as the gateway itself does: the server looks every second. So the same is timed before, too.
      const before = await timeSingles(gateway, alone, quick, "before", samples);
      slow.behave({ delayMs: HANG_MS });
      for (let i = 0; i < hanging; i++) {
        await makeDue(gateway, await newMerchant(gateway, ["ethereum"]), `${slow.url}/slow`, 40);
      }
      await slow.waitFor((_request, all) => all.length >= Math.min(hanging * 10, 200), 30_000);
      const during = await timeSingles(gateway, alone, quick, "during", samples);
      const line = (name: string, times: number[], waiting: number) => [
        name,
        String(waiting),
        ...[0.5, 0.95, 1].map((share) => ms(percentile(times, share))),
      ];
      table(
        ["another merchant's webhook", "sent to receivers that hang", "p50", "p95", "max"],
        [
          line("while nobody hangs", before, 0),
          line(`while ${hanging} merchants' receivers hang 30 s`, during, slow.requests.length),
        ],
      );
      const delay = percentile(during, 0.95) - percentile(before, 0.95);
      goal(`a receiver that hangs delays another merchant's webhook by ≤ ${DELAY_GOAL_MS} ms`, delay <= DELAY_GOAL_MS);
    } finally {
      await gateway.stop();
      sink.stop();
      await slow.close();
      await quick.close();
    }
  },
};

/** Milliseconds from the commit of a due webhook to its arrival, one after another. */
async function timeSingles(gateway: Gateway, merchant: Merchant, quick: Receiver, name: string, samples: number) {
  const times: number[] = [];
  for (let i = 0; i < samples; i++) {
    const path = `/${name}-${i}`;
    await makeDue(gateway, merchant, quick.url + path, 1);
    const begun = Date.now();
    const { receivedAtMs } = await quick.waitFor((request) => request.path === path, 60_000);
    times.push(Math.max(0, receivedAtMs - begun));
    await sleep(100);
  }
  return times;
}

/** Seconds of CPU that a process has used, or null where /proc does not say. */
function cpuSeconds(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // utime and stime, in hundredths.
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return null;
  }
}

async function makeDue(gateway: Gateway, { merchantId }: Merchant, url: string, count: number): Promise<void> {
  await withSql(gateway, async (sql) => {
    const [wallet] = await sql`select id from wallets where merchant_id = ${merchantId}`;
    await sql.unsafe(manyDeliveries(merchantId, String(wallet?.id), url, count));
  });
}

/** Waits until nothing that was not tried yet is due. */
async function emptied(gateway: Gateway): Promise<void> {
  await withSql(gateway, async (sql) => {
    for (;;) {
      const [row] = await sql`select 1 from deliveries where status = 'pending' and attempts_made = 0 limit 1`;
      if (!row) return;
      await sleep(10);
    }
  });
}

async function drain(gateway: Gateway, sink: Sink, fill: () => Promise<void>) {
  const before = await withSql(
    gateway,
    async (sql) => (await sql`select count(*)::int as n from attempts`)[0]?.n as number,
  );
  await fill();
  const cpu = cpuSeconds(gateway.pid);
  const begun = performance.now();
  await emptied(gateway);
  const seconds = (performance.now() - begun) / 1000;
  const used = (cpuSeconds(gateway.pid) ?? Number.NaN) - (cpu ?? Number.NaN);
  const [spread] = await withSql(
    gateway,
    (sql) => sql`
      select count(*)::int as n, extract(epoch from max(completed_at) - min(completed_at))::float8 as seconds
      from deliveries where id in (
        select delivery_id from attempts order by started_at desc limit (select count(*) - ${before}::int from attempts))`,
  );
  const made = Number(spread?.n ?? 0);
  const { received, distinct } = await sink.counts();
  // By the database's clock: from the first that was recorded to the last.
  const perSecond = made / Math.max(0.001, Number(spread?.seconds ?? seconds));
  return {
    perSecond,
    received,
    distinct,
    cells: [
      whole(made),
      `${seconds.toFixed(2)} s`,
      whole(perSecond),
      ms((used / made) * 1000),
      whole(received),
      whole(distinct),
    ],
  };
}

/** A receiver that answers at once, in a process of its own. */
type Sink = {
  url: string;
  counts: () => Promise<{ received: number; distinct: number }>;
  reset: () => Promise<void>;
  stop: () => void;
};

async function startSink(): Promise<Sink> {
  const child = fork(fileURLToPath(import.meta.url), ["sink"], { execArgv: ["--import", "tsx"] });
  const ask = <T>(question?: string): Promise<T> =>
    new Promise((done) => {
      child.once("message", (answer) => done(answer as T));
      if (question) child.send(question);
    });
  const url = await ask<string>();
  return {
    url,
    counts: () => ask("counts"),
    reset: () => ask("reset"),
    stop: () => void child.kill(),
  };
}

if (process.argv[2] === "sink") {
  const { createServer } = await import("node:http");
  let received = 0;
  const ids = new Set<unknown>();
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      received++;
      ids.add(request.headers["x-webhook-id"]);
      response.end("ok");
    });
  }).listen(0, "127.0.0.1", () => {
    const address = server.address();
    process.send?.(`http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`);
  });
  process.on("disconnect", () => process.exit(0));
  process.on("message", (question) => {
    if (question === "reset") {
      received = 0;
      ids.clear();
    }
    process.send?.({ received, distinct: ids.size });
  });
}
