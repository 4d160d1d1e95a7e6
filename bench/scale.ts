import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { v7 } from "uuid";
import type { Executor } from "@/db/client";
import { connect } from "@/db/connect";
import { startEmbeddedPostgres } from "@/db/embedded";
import { type Explained, explainWork } from "@/db/explain";
import { migrate } from "@/db/migrate";
import * as logs from "@/db/queries/api-logs";
import { listAudit } from "@/db/queries/audit";
import * as chain from "@/db/queries/chain";
import * as deliveries from "@/db/queries/deliveries";
import { findDelivery, listAttempts, listDeliveries, listDeliveriesOf } from "@/db/queries/delivery-list";
import * as idempotency from "@/db/queries/idempotency";
import { probeInvoices, scanInvoices } from "@/db/queries/invoice-search";
import * as tallies from "@/db/queries/invoice-tallies";
import * as invoices from "@/db/queries/invoices";
import { listJobRuns, recordJobRun } from "@/db/queries/job-runs";
import { findApiKey } from "@/db/queries/merchants";
import * as metrics from "@/db/queries/metrics";
import { readSteps } from "@/db/queries/onboarding";
import * as overview from "@/db/queries/overview";
import { findPayInvoice, hasOrphanedPayment, listPayInvoices, listStraysOf, recordOpening } from "@/db/queries/pay";
import { prune } from "@/db/queries/prune";
import * as settlement from "@/db/queries/settlement";
import { lockDueSimulation } from "@/db/queries/simulations";
import { findInvoiceFacts } from "@/db/queries/timeline";
import { listTransfers } from "@/db/queries/transfer-list";
import * as transfers from "@/db/queries/transfers";
import { countUnmatched, listUnmatched } from "@/db/queries/unmatched";
import { listWallets, listWatchedSince } from "@/db/queries/wallets";
import { type Bench, bytes, goal, ms, table, whole } from "./report";
import { EXCHANGE, type Filled, fill } from "./scale-fill";

const DAY_MS = 86_400_000;
/** What a query that somebody waits for may take, and one of a background job. */
const REQUEST_MS = 50;
const JOB_MS = 500;

/** What an invoice takes on disk while a database is filled, with everything that belongs to it. */
const BYTES_AN_INVOICE = 3_500;

/** `whole`: a table that may be read from end to end, because it stays small whatever the gateway's age. */
type Query = { name: string; job?: true; whole?: string; work: (db: Executor) => Promise<unknown> };

/** Every hot query on a database of the size that a busy gateway has, with its plan. */
export const bench: Bench = {
  options: { invoices: 10_000_000 },
  method: ({ invoices: count = 0 }) =>
    `method: ${whole(count)} invoices at 10⁶ a day, 30 % of one merchant's and the rest of 999 others', with everything that belongs to them;\n` +
    "each query is run as the gateway runs it and then explained, the quickest of five runs told (so with a warm cache), and undone.\n" +
    `"ms" is PostgreSQL's planning and execution. A table of 10,000 rows or more that is read from end to end is flagged.`,
  async run({ invoices: count = 0 }) {
    const { bavail, bsize } = statfsSync(tmpdir());
    const needed = count * BYTES_AN_INVOICE;
    if (bavail * bsize < needed) throw new Error(`${tmpdir()} has less than ${bytes(needed)} free: set TMPDIR`);
    const dir = mkdtempSync(join(tmpdir(), "gateway-scale-"));
    const server = await startEmbeddedPostgres({
      dir: join(dir, "postgres"),
      password: "bench",
      // For filling; reading does not depend on them.
      settings: {
        fsync: "off",
        full_page_writes: "off",
        autovacuum: "off",
        wal_level: "minimal",
        max_wal_senders: "0",
        max_wal_size: "8GB",
        checkpoint_timeout: "30min",
        shared_buffers: "1GB",
      },
    });
    try {
      await migrate(server.url);
      const sql = connect(server.url, { max: 1 });
      console.log("Filling …");
      const filled = await fill(sql, count, (line) => console.log(line));
      await sql.end();
      await report(server.url, filled, count);
    } finally {
      await server.stop("immediate");
      rmSync(dir, { recursive: true, force: true });
    }
  },
};

/** Prints what a filled database holds, and how it answers every query. */
export async function report(url: string, filled: Filled, count: number): Promise<void> {
  await printSizes(url);
  const slow: string[] = [];
  const sequential: string[] = [];
  const rows: string[][] = [];
  for (const query of queries(filled, count)) {
    const explained = await explainWork(url, query.work);
    const total = explained.reduce((sum, one) => sum + one.ms, 0);
    const flags = explained.flatMap((one) => one.sequential).filter((name) => name !== query.whole);
    if (flags.length > 0) sequential.push(`${query.name}: ${flags.join(", ")}`);
    if (total > (query.job ? JOB_MS : REQUEST_MS)) slow.push(`${query.name}: ${ms(total)}`);
    rows.push([
      query.name + (query.job ? " (job)" : ""),
      String(explained.length),
      ms(total),
      whole(explained.reduce((sum, one) => sum + one.buffers, 0)),
      readsOf(explained),
    ]);
  }
  printPlans(rows);
  for (const line of sequential) console.log(`  SEQUENTIAL SCAN of ${line}`);
  for (const line of slow) console.log(`  SLOW ${line}`);
  goal("no large table is read from end to end", sequential.length === 0);
  goal(`≤ ${REQUEST_MS} ms a request's query, ≤ ${JOB_MS} ms a job's`, slow.length === 0);
}

async function printSizes(url: string): Promise<void> {
  const sql = connect(url, { max: 1 });
  const [size] = await sql`select pg_database_size(current_database())::float8 as bytes`;
  const sizes = await sql<{ name: string; rows: number; heap: number; indexes: number }[]>`
    select relname as name, reltuples::float8 as rows, pg_table_size(oid)::float8 as heap, pg_indexes_size(oid)::float8 as indexes
    from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and reltuples > 10000 order by 3 + 4 desc`;
  table(
    [`${bytes(Number(size?.bytes))} in all`, "rows", "table", "indexes", "bytes a row"],
    sizes.map(({ name, rows, heap, indexes }) => [
      name,
      whole(rows),
      bytes(heap),
      bytes(indexes),
      whole((heap + indexes) / rows),
    ]),
  );
  console.log("");
  await sql.end();
}

const readsOf = (explained: Explained[]): string => [...new Set(explained.flatMap((one) => one.reads))].join(", ");

/** The plans are words: to the left, in lines that fit. */
function printPlans(rows: string[][]): void {
  const head = ["query", "statements", "ms", "pages", "read by"];
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  for (const row of [head, ...rows]) {
    const cells = row
      .slice(0, 4)
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)));
    console.log(`  ${cells.join("  ")}  ${row[4]}`);
  }
}

function queries({ merchantId, walletId, addressKey }: Filled, count: number): Query[] {
  const scope = { merchantId, mode: "live" as const };
  const now = Date.now();
  const ago = (days: number) => new Date(now - days * DAY_MS);
  // Halfway back to the first invoice.
  const half = now - (count / 2 / 1e6) * DAY_MS;
  const middle = { createdAt: new Date(half), id: v7({ msecs: half }) };
  const some = async (db: Executor) => {
    const [row] = await invoices.listInvoices(db, scope, {}, { limit: 1, offset: 0, after: middle });
    if (!row) throw new Error("no invoice");
    return row;
  };
  // One that waits for its payment.
  const openPage = async (db: Executor) => {
    const [row] = await invoices.listInvoices(db, scope, { status: "pending" }, { ...page, limit: 1 });
    const found = row && (await findPayInvoice(db, row.payPath));
    if (!found) throw new Error("no open invoice");
    return found;
  };
  const newInvoice = (reference: string): invoices.NewInvoice => ({
    id: v7(),
    ...scope,
    walletId,
    network: "ethereum",
    payoutAddress: addressKey,
    reference,
    payPath: reference,
    amountRequested: 77_777n,
    title: null,
    description: null,
    callbackUrl: null,
    returnUrl: null,
    metadata: null,
    whiteLabel: false,
  });
  const hold = { adjustmentLimit: 500n, expirySeconds: 1800, cooldownSeconds: 1800 };
  const transfer = (n: number): transfers.NewTransfer => ({
    network: "ethereum",
    mode: "live",
    txHash: `0xnew${n}`,
    ordinal: 0,
    blockNumber: 20_000_001,
    blockHash: "0xnew",
    blockTime: new Date(now),
    logIndex: n,
    fromAddress: "0x0",
    toAddressKey: addressKey,
    value: 7_777_700n,
    units: 77_777n,
  });
  const page = { limit: 20, offset: 0, after: null };
  const first = { limit: 20, after: null };
  return [
    { name: "findApiKey", work: (db) => findApiKey(db, "0".repeat(32)) },
    { name: "listWallets", work: (db) => listWallets(db, merchantId) },
    { name: "insertInvoice", work: (db) => invoices.insertInvoice(db, newInvoice("NEW-1"), hold) },
    {
      name: "idempotent response",
      work: async (db) => {
        await idempotency.tryLockIdempotencyKey(db, scope, "key");
        await idempotency.findIdempotentResponse(db, scope, "key");
        await idempotency.storeIdempotentResponse(db, scope, "key", {
          fingerprint: "f",
          statusCode: 201,
          responseBody: "{}",
        });
      },
    },
    {
      name: "nextFreeSlotAt",
      work: (db) => invoices.nextFreeSlotAt(db, { walletId, mode: "live", amount: 77_777n, adjustmentLimit: 500n }),
    },
    { name: "findInvoice", work: async (db) => invoices.findInvoice(db, scope, (await some(db)).id) },
    { name: "findInvoiceByReference", work: (db) => invoices.findInvoiceByReference(db, scope, "ORDER-5000") },
    { name: "findPayInvoice", work: (db) => findPayInvoice(db, "ORDER-5000") },
    {
      name: "an open pay page: opening, strays, orphans",
      work: async (db) => {
        const invoice = await openPage(db);
        await recordOpening(db, invoice.id);
        await listStraysOf(db, invoice);
        await hasOrphanedPayment(db, invoice);
      },
    },
    {
      name: "listPayInvoices of 100 open pages",
      work: async (db) => {
        const open = await invoices.listInvoices(db, scope, {}, { ...page, limit: 100 });
        await listPayInvoices(
          db,
          open.map(({ id }) => id),
        );
      },
    },
    { name: "listInvoices", work: (db) => invoices.listInvoices(db, scope, {}, page) },
    { name: "listInvoices, a status", work: (db) => invoices.listInvoices(db, scope, { status: "cancelled" }, page) },
    {
      name: "listInvoices, deep cursor",
      work: (db) => invoices.listInvoices(db, scope, {}, { ...page, after: middle }),
    },
    { name: "listInvoices, a network", work: (db) => invoices.listInvoices(db, scope, { network: "tron" }, page) },
    { name: "listInvoices, page 100", work: (db) => invoices.listInvoices(db, scope, {}, { ...page, offset: 2_000 }) },
    { name: "tallyInvoices", work: (db) => tallies.tallyInvoices(db, scope, null) },
    {
      name: "tallyInvoicesBetween, last 24 h",
      work: (db) => tallies.tallyInvoicesBetween(db, scope, null, ago(1), null),
    },
    {
      name: "tallyInvoicesBetween, last 30 d",
      work: (db) => tallies.tallyInvoicesBetween(db, scope, null, ago(30), null),
    },
    {
      name: "tallyInvoicesBetween, a network until noon",
      work: (db) => tallies.tallyInvoicesBetween(db, scope, "tron", null, ago(0.4)),
    },
    { name: "findApiLog", work: (db) => logs.findApiLog(db, scope, v7()) },
    {
      name: "insertApiLogs of 20",
      work: (db) =>
        logs.insertApiLogs(
          db,
          Array.from({ length: 20 }, () => newLog(scope)),
        ),
    },
    { name: "listApiLogs", work: (db) => logs.listApiLogs(db, scope, { limit: 50, offset: 0 }) },
    { name: "countApiLogs", work: (db) => logs.countApiLogs(db, scope) },
    { name: "listApiLogs, page 100", work: (db) => logs.listApiLogs(db, scope, { limit: 50, offset: 4_950 }) },
    { name: "scanApiLogs, a path", work: (db) => logs.scanApiLogs(db, scope, { path: "nowhere" }, null, 20, 2_000) },
    {
      name: "lockInvoice, hasPayment",
      work: async (db) => {
        const { id } = await some(db);
        await invoices.lockInvoice(db, scope, id);
        await invoices.hasPayment(db, id);
      },
    },
    { name: "overview: tallyByTime", work: (db) => overview.tallyByTime(db, scope, ago(30), "day", "Asia/Kolkata") },
    { name: "overview: medianSecondsToPay", work: (db) => overview.medianSecondsToPay(db, scope, ago(30), 1_000) },
    {
      name: "overview: deliveries",
      work: async (db) => {
        await overview.countFailedDeliveries(db, scope, ago(1), 100);
        await overview.countStrugglingDeliveries(db, scope, 100);
      },
    },
    { name: "overview: listCrowdedAmounts", work: (db) => overview.listCrowdedAmounts(db, scope, 500n, 1_000) },
    {
      name: "scanInvoices, a text",
      work: (db) => scanInvoices(db, scope, {}, [{ kind: "text", text: "nowhere" }], null, 20, 2_000),
    },
    {
      name: "probeInvoices, reference",
      work: (db) => probeInvoices(db, scope, { kind: "reference", prefix: "ORDER-50" }, [walletId], 100),
    },
    {
      name: "probeInvoices, a hash",
      work: (db) => probeInvoices(db, scope, { kind: "hash", hashes: ["0x0"] }, [walletId], 100),
    },
    {
      name: "probeInvoices, a wallet",
      work: (db) => probeInvoices(db, scope, { kind: "wallet", walletIds: [walletId] }, [walletId], 100),
    },
    {
      name: "probeInvoices, amount",
      work: (db) => probeInvoices(db, scope, { kind: "amount", amount: 77_777n }, [walletId], 100),
    },
    {
      name: "probeInvoices, an exchange's",
      work: (db) => probeInvoices(db, scope, { kind: "sender", address: EXCHANGE }, [walletId], 100),
    },
    { name: "listDeliveries", work: (db) => listDeliveries(db, scope, {}, first) },
    { name: "listDeliveries, failed", work: (db) => listDeliveries(db, scope, { status: "failed" }, first) },
    { name: "listDeliveriesOf an invoice", work: async (db) => listDeliveriesOf(db, scope, (await some(db)).id) },
    {
      name: "listDeliveries, a reference",
      work: (db) => listDeliveries(db, scope, { reference: "ORDER-5001" }, first),
    },
    {
      name: "findDelivery, listAttempts, resetDelivery",
      work: async (db) => {
        const [row] = await listDeliveries(db, scope, {}, first);
        if (!row) throw new Error("no delivery");
        await findDelivery(db, scope, row.id);
        await listAttempts(db, [row.id]);
        await deliveries.resetDelivery(db, row.id, scope);
      },
    },
    { name: "an invoice's timeline", work: async (db) => findInvoiceFacts(db, scope, (await some(db)).id) },
    { name: "listAudit", work: (db) => listAudit(db, merchantId, first) },
    { name: "listAudit, deep cursor", work: (db) => listAudit(db, merchantId, { ...first, after: middle }) },
    { name: "readSteps", work: (db) => readSteps(db, merchantId) },
    { name: "listTransfers", work: (db) => listTransfers(db, scope, {}, first) },
    {
      name: "listTransfers, a wallet, deep",
      work: (db) => listTransfers(db, scope, { walletId }, { ...first, after: middle }),
    },
    { name: "listTransfers, a hash", work: (db) => listTransfers(db, scope, { hashes: ["0x0"] }, first) },
    { name: "listTransfers, an exchange's", work: (db) => listTransfers(db, scope, { sender: EXCHANGE }, first) },
    {
      name: "listUnmatched",
      work: (db) => listUnmatched(db, scope, { limit: 51, before: null }),
    },
    { name: "countUnmatched", work: (db) => countUnmatched(db, scope, 1_000) },

    { name: "claimCursor", job: true, work: (db) => chain.claimCursor(db, "ethereum", randomUUID(), 10) },
    { name: "listWatchedSince", job: true, work: (db) => listWatchedSince(db, "ethereum", 990) },
    { name: "oldestOpenInvoice", job: true, work: (db) => invoices.oldestOpenInvoice(db, "ethereum") },
    { name: "listBlocks", job: true, work: (db) => chain.listBlocks(db, "ethereum") },
    {
      name: "storeBlocks",
      job: true,
      work: (db) => {
        const header = { number: 20_000_001, hash: "0xnew", parentHash: "0x0", time: new Date(now) };
        return chain.storeBlocks(db, "ethereum", [header], 19_999_600);
      },
    },
    {
      name: "storeTransfers of 20",
      job: true,
      work: (db) =>
        transfers.storeTransfers(
          db,
          Array.from({ length: 20 }, (_, n) => transfer(n)),
        ),
    },
    {
      name: "listTransfersOf",
      job: true,
      work: (db) => transfers.listTransfersOf(db, "ethereum", ["0xnew1", "0xnew2"]),
    },
    { name: "findCandidates", job: true, work: (db) => transfers.findCandidates(db, "ethereum", "live", 15, 500) },
    { name: "listClosable", job: true, work: (db) => transfers.listClosable(db, "ethereum", "live", ago(1)) },
    { name: "listFailedTransfers", job: true, work: (db) => transfers.listFailedTransfers(db, "ethereum", 20_000_000) },
    {
      name: "listDeepPayments",
      job: true,
      work: (db) => settlement.listDeepPayments(db, "ethereum", "live", 20_000_000, 500),
    },
    {
      name: "listExpirable",
      job: true,
      work: (db) => settlement.listExpirable(db, "ethereum", "live", new Date(now), 500),
    },
    {
      name: "match: lock, pay, close",
      job: true,
      work: async (db) => {
        const pairs = await transfers.findCandidates(db, "ethereum", "live", 15, 100);
        await transfers.lockPayable(
          db,
          pairs.map((pair) => pair.invoiceId),
        );
        await transfers.lockUnmatched(
          db,
          pairs.map((pair) => pair.transferId),
        );
        await transfers.insertPayments(db, pairs);
        await transfers.closeMatching(
          db,
          pairs.map((pair) => ({ id: pair.transferId, blockHash: "0x" })),
        );
      },
    },
    {
      name: "settle: lock 100, confirm one, its event",
      job: true,
      work: async (db) => {
        const deep = await settlement.listDeepPayments(db, "ethereum", "live", 20_000_000, 100);
        await settlement.lockSettleable(
          db,
          deep.map((payment) => payment.invoiceId),
        );
        await settlement.webhookUrlsOf(db, [merchantId]);
        const [first] = deep;
        if (!first) throw new Error("nothing to confirm");
        await settlement.markConfirmed(db, first.invoiceId, new Date(), 12, "automatic");
        await settlement.insertEvent(db, { ...scope, invoiceId: first.invoiceId, type: "invoice.confirmed" }, null);
      },
    },
    {
      name: "expire 100",
      job: true,
      work: async (db) =>
        settlement.markExpired(db, await settlement.listExpirable(db, "ethereum", "live", new Date(now), 100)),
    },
    {
      name: "orphanTransfers above a block",
      job: true,
      work: (db) => transfers.orphanTransfers(db, transfers.liveTransfersAbove("ethereum", 19_999_999), 15),
    },
    { name: "lockDueSimulation", job: true, work: (db) => lockDueSimulation(db) },
    {
      name: "claimDueDeliveries",
      job: true,
      work: (db) =>
        deliveries.claimDueDeliveries(db, {
          owner: randomUUID(),
          limit: 200,
          perMerchant: 20,
          rooms: new Map(),
          leaseSeconds: 10,
        }),
    },
    {
      name: "recordAttempts of 50",
      job: true,
      work: async (db) => {
        const options = {
          owner: randomUUID(),
          limit: 50,
          perMerchant: 20,
          rooms: new Map<string, number>(),
          leaseSeconds: 10,
        };
        const claimed = await deliveries.claimDueDeliveries(db, options);
        const made = claimed.map(({ id }) => ({
          deliveryId: id,
          startedAt: new Date(),
          statusCode: 200,
          responseBody: "ok",
          latencyMs: 1,
          error: null,
        }));
        await deliveries.recordAttempts(db, made, () => ({ status: "delivered", nextAttemptAt: null }));
      },
    },
    {
      name: "listWaitingDeliveries",
      job: true,
      work: (db) =>
        deliveries.listWaitingDeliveries(db, {
          overdueSeconds: 0,
          firstAttempts: false,
          perMerchant: 100,
          limit: 1_000,
        }),
    },
    {
      name: "claimDelivery, findDeliveryTime, renewLeases",
      job: true,
      work: async (db) => {
        const [waiting] = await deliveries.listWaitingDeliveries(db, {
          overdueSeconds: 0,
          firstAttempts: false,
          perMerchant: 1,
          limit: 1,
        });
        if (!waiting) throw new Error("nothing is due");
        const owner = randomUUID();
        await deliveries.claimDelivery(db, waiting.id, owner, 10);
        await deliveries.findDeliveryTime(db, waiting.id);
        await deliveries.renewLeases(db, owner, [waiting.id], 10);
      },
    },
    { name: "foldTallyChanges", job: true, work: (db) => tallies.foldTallyChanges(db) },
    // As if half of all there is had had its time.
    {
      name: "prune, a full batch of each",
      job: true,
      whole: "amount_slots",
      work: (db) => {
        const days = Math.floor(count / 2e6);
        return prune(db, { apiLogs: days, deliveries: days, simulations: days });
      },
    },
    {
      name: "health: cursors, job runs",
      job: true,
      work: async (db) => {
        await chain.listCursors(db);
        await listJobRuns(db);
        await recordJobRun(db, "prune", null);
      },
    },
    { name: "metrics: countOpenInvoices", job: true, work: (db) => metrics.countOpenInvoices(db) },
    { name: "metrics: countDeliveries", job: true, work: (db) => metrics.countDeliveries(db) },
    { name: "metrics: countOrphanedPayments", job: true, work: (db) => metrics.countOrphanedPayments(db) },
  ];
}

const newLog = (scope: invoices.Scope): logs.ApiLog => ({
  id: v7(),
  ...scope,
  requestId: "r",
  method: "POST",
  path: "/api/v1/invoices",
  statusCode: 201,
  durationMs: 9,
  ip: null,
  userAgent: null,
  requestBody: "{}",
  responseBody: "{}",
  errorCode: null,
  createdAt: new Date(),
});
