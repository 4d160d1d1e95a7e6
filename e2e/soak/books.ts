import { createHmac } from "node:crypto";
import type { ReceivedRequest } from "@/e2e/receiver";
import type { Gate } from "./gate";
import type { ChainTransfer, Expectation, TrueInvoice } from "./oracle";
import type { Person } from "./people";

/** What the gateway's books say, compared with what is true. */

export interface Finding {
  /** lost: paid, or told, and not in the books. double: more than once. wrong: anything else that is not so. */
  kind: "lost" | "double" | "wrong";
  /** A reference, or a transaction. */
  subject: string;
  expected: string;
  found: string;
  why: string;
}

export interface Truth {
  invoices: readonly TrueInvoice[];
  expected: ReadonlyMap<string, Expectation>;
  /** Every transfer of the final chains to an address of a merchant. */
  transfers: readonly ChainTransfer[];
  people: readonly Person[];
}

export interface Tally {
  findings: Finding[];
  statuses: Record<string, number>;
  transfers: Record<string, number>;
  events: Record<string, number>;
  webhooks: number;
  /** Paid by another of several transfers that fit than the first: by network. */
  paidByLater: Record<string, number>;
  /** A payment came to light after its invoice had expired: by network. */
  expiredFirst: Record<string, number>;
}

interface InvoiceRow {
  id: string;
  reference: string;
  status: string;
  paid_at: number | null;
  resolution: string | null;
  tx_hash: string | null;
  ordinal: number | null;
  transfer_status: string | null;
}
interface TransferRow {
  network: string;
  tx_hash: string;
  ordinal: number;
  status: string;
  block_number: number;
  block_time: number;
  to_address_key: string;
  value: string;
}
interface EventRow {
  reference: string;
  invoice_id: string;
  merchant_id: string;
  type: string;
  delivery_id: string | null;
  status: string | null;
  attempts_made: number;
  body: string | null;
}

/** Compares the database and everything that the receivers got with the truth. */
export async function compare(gate: Gate, truth: Truth, received: readonly ReceivedRequest[]): Promise<Tally> {
  const [invoices, transfers, events] = await gate.sql(
    async (sql) =>
      [
        await sql<InvoiceRow[]>`
          select i.id, i.reference, i.status, i.resolution, t.tx_hash, t.ordinal, t.status as transfer_status,
            extract(epoch from i.paid_at)::float8 as paid_at
          from invoices i left join payments p on p.invoice_id = i.id left join transfers t on t.id = p.transfer_id`,
        await sql<TransferRow[]>`
          select network, tx_hash, ordinal, status, block_number::int, extract(epoch from block_time)::float8 as block_time,
            to_address_key, value::text from transfers`,
        await sql<EventRow[]>`
          select i.reference, e.invoice_id, e.merchant_id, e.type, d.id as delivery_id, d.status, d.attempts_made, d.body
          from events e join invoices i on i.id = e.invoice_id left join deliveries d on d.event_id = e.id`,
      ] as const,
  );
  const tally: Tally = {
    ...{ findings: [], statuses: count(invoices, (row) => row.status) },
    ...{ transfers: count(transfers, (row) => row.status), events: count(events, (row) => row.type) },
    ...{ webhooks: received.length, paidByLater: {}, expiredFirst: {} },
  };
  compareInvoices(tally, truth, invoices);
  compareTransfers(tally, truth, transfers);
  compareEvents(tally, truth, events, received);
  return tally;
}

function compareInvoices(tally: Tally, truth: Truth, rows: readonly InvoiceRow[]): void {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const known = new Set(truth.invoices.map((invoice) => invoice.id));
  const payees = new Map<string, string>();
  const merchantOf = new Map(truth.invoices.map((invoice) => [invoice.id, invoice.merchantId]));
  for (const row of rows) {
    const say = (kind: Finding["kind"], expected: string, found: string, why: string) =>
      tally.findings.push({ kind, subject: row.reference, expected, found, why });
    if (!known.has(row.id)) say("double", "one invoice a request", "an invoice that nobody was told of", "");
    if (row.tx_hash === null) continue;
    const claim = `${merchantOf.get(row.id)} ${row.tx_hash} ${row.ordinal}`;
    const other = payees.get(claim);
    if (other) say("double", "a transfer pays one invoice of a merchant", `it pays ${other} too`, row.tx_hash);
    payees.set(claim, row.reference);
  }
  for (const invoice of truth.invoices) {
    const say = (kind: Finding["kind"], expected: string, found: string, why: string) =>
      tally.findings.push({ kind, subject: `${invoice.reference} (${invoice.network})`, expected, found, why });
    const row = byId.get(invoice.id);
    const expected = truth.expected.get(invoice.id);
    if (!row || !expected) {
      say("lost", "the invoice that was created", "nothing", "");
      continue;
    }
    const found = `${row.status}${row.tx_hash ? ` with ${row.tx_hash}/${row.ordinal} (${row.transfer_status})` : ""}`;
    if (expected.status !== row.status) {
      const [first] = expected.fitting;
      const by = first ? ` by ${first.txHash}/${first.ordinal}` : "";
      say(expected.status === "confirmed" ? "lost" : "wrong", `${expected.status}${by}`, found, expected.why);
    } else if (row.status !== "confirmed") {
      if (row.tx_hash !== null) say("wrong", `${expected.status}, no payment`, found, expected.why);
    } else {
      const place = expected.fitting.findIndex((t) => t.txHash === row.tx_hash && t.ordinal === row.ordinal);
      const transfer = expected.fitting[place];
      if (!transfer) say("wrong", `paid by ${expected.fitting[0]?.txHash}`, found, expected.why);
      else if (row.paid_at !== transfer.time) say("wrong", `paid at ${transfer.time}`, `paid at ${row.paid_at}`, "");
      else if (row.resolution !== "automatic") say("wrong", "automatic", String(row.resolution), "");
      if (place > 0) add(tally.paidByLater, invoice.network);
    }
  }
}

function compareTransfers(tally: Tally, truth: Truth, rows: readonly TransferRow[]): void {
  const key = (t: { network: string; txHash: string; ordinal: number }) => `${t.network} ${t.txHash}/${t.ordinal}`;
  const canonical = new Map(
    rows
      .filter((row) => row.status === "canonical")
      .map((row) => [key({ network: row.network, txHash: row.tx_hash, ordinal: row.ordinal }), row]),
  );
  for (const transfer of truth.transfers) {
    const subject = key(transfer);
    const row = canonical.get(subject);
    canonical.delete(subject);
    const expected = `stored, block ${transfer.blockNumber} at ${transfer.time}, ${transfer.value} to ${transfer.to}`;
    if (!row) {
      const other = rows.find((one) => one.tx_hash === transfer.txHash && one.network === transfer.network);
      tally.findings.push({
        kind: "lost",
        subject,
        expected,
        found: other ? other.status : "not stored",
        why: "on the chain",
      });
      continue;
    }
    const same =
      row.block_number === transfer.blockNumber &&
      row.block_time === transfer.time &&
      row.value === String(transfer.value) &&
      row.to_address_key === transfer.to;
    if (same) continue;
    const found = `block ${row.block_number} at ${row.block_time}, ${row.value} to ${row.to_address_key}`;
    tally.findings.push({ kind: "wrong", subject, expected, found, why: "stored otherwise" });
  }
  for (const subject of canonical.keys()) {
    tally.findings.push({
      kind: "wrong",
      subject,
      expected: "no transfer",
      found: "canonical",
      why: "not on the chain",
    });
  }
}

function compareEvents(
  tally: Tally,
  truth: Truth,
  events: readonly EventRow[],
  received: readonly ReceivedRequest[],
): void {
  const secretOf = new Map(truth.people.map((person) => [person.merchantId, person.webhookSecret]));
  const byInvoice = group(events, (event) => event.invoice_id);
  const byDelivery = group(received, (request) => request.id);
  const deliveries = new Set(events.map((event) => event.delivery_id));
  for (const invoice of truth.invoices) {
    const subject = `${invoice.reference} (${invoice.network})`;
    const say = (kind: Finding["kind"], expected: string, found: string, why: string) =>
      tally.findings.push({ kind, subject, expected, found, why });
    const expectation = truth.expected.get(invoice.id);
    const wanted = expectation?.status === "pending" ? [] : [`invoice.${expectation?.status}`];
    const told = byInvoice.get(invoice.id) ?? [];
    const types = told.map((event) => event.type);
    // A transfer that a node hid, or that a reorg moved, may come to light after its invoice expired: decision 3.
    if (wanted[0] === "invoice.confirmed" && types.includes("invoice.expired")) {
      add(tally.expiredFirst, invoice.network);
      wanted.push("invoice.expired");
    }
    for (const type of wanted) if (!types.includes(type)) say("lost", `one ${type}`, `events: ${types.join(", ")}`, "");
    for (const type of types) if (!wanted.includes(type)) say("wrong", `events: ${wanted.join(", ")}`, type, "");
    if (new Set(types).size !== types.length) say("double", "each event once", types.join(", "), "");
    for (const event of told) {
      const requests = byDelivery.get(event.delivery_id ?? "") ?? [];
      const what = `${event.type} under ${event.delivery_id}`;
      if (event.status !== "delivered" || requests.length === 0) {
        say(
          "lost",
          `${what} delivered`,
          `${event.status}, ${event.attempts_made} attempts, ${requests.length} arrived`,
          "",
        );
      }
      if (requests.some((request) => request.body !== event.body)) say("wrong", `${what}: one body`, "others", "");
      const secret = secretOf.get(event.merchant_id) ?? "";
      const signed = requests.every(
        (request) =>
          request.headers["x-webhook-signature"] === createHmac("sha256", secret).update(request.body).digest("hex"),
      );
      if (!signed) say("wrong", `${what}: signed`, "a signature that does not verify", "");
      const said = JSON.parse(event.body ?? "{}") as Record<string, unknown>;
      const paid = event.type === "invoice.confirmed" ? (expectation?.fitting ?? []) : [];
      const fits =
        paid.length === 0 ? said.tx_hash === null : paid.some((transfer) => transfer.txHash === said.tx_hash);
      if (!fits || said.invoice_reference !== invoice.reference || `invoice.${said.status}` !== event.type) {
        say("wrong", `${what} of ${invoice.reference} by ${paid[0]?.txHash ?? "nothing"}`, event.body ?? "", "");
      }
    }
  }
  for (const [id, requests] of byDelivery) {
    if (deliveries.has(id)) continue;
    const subject = String(requests[0]?.headers["x-invoice-reference"]);
    tally.findings.push({ kind: "double", subject, expected: "one id an event", found: `unknown id ${id}`, why: "" });
  }
}

/** Compares what the API tells each merchant with the truth. */
export async function compareApi(gate: Gate, truth: Truth): Promise<Finding[]> {
  type Item = { id: string; reference: string; status: string; txHash: string | null };
  const findings: Finding[] = [];
  const seen = new Map<string, Item>();
  for (const person of truth.people) {
    for (let cursor: string | null = ""; cursor !== null; ) {
      type Page = { data: Item[]; pagination: { nextCursor: string | null } };
      const path: string = `/invoices?limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`;
      const { status, body }: { status: number; body: Page } = await gate.request<Page>(person.liveKey, "GET", path);
      if (status !== 200) throw new Error(`GET ${path}: ${status}`);
      for (const item of body.data) seen.set(item.id, item);
      cursor = body.pagination.nextCursor;
    }
  }
  for (const invoice of truth.invoices) {
    const expected = truth.expected.get(invoice.id);
    const item = seen.get(invoice.id);
    const paid = expected?.status === "confirmed" ? expected.fitting.map((transfer) => transfer.txHash) : [];
    const fits = item && (paid.length === 0 ? item.txHash === null : paid.includes(item.txHash ?? ""));
    if (fits && item.status === expected?.status) continue;
    findings.push({
      kind: "wrong",
      subject: `${invoice.reference} (${invoice.network})`,
      expected: `the API says ${expected?.status} ${paid[0] ?? ""}`,
      found: item ? `${item.status} ${item.txHash}` : "not listed",
      why: expected?.why ?? "",
    });
  }
  if (seen.size !== truth.invoices.length) {
    const expected = `${truth.invoices.length} invoices listed`;
    findings.push({ kind: "wrong", subject: "lists", expected, found: String(seen.size), why: "" });
  }
  return findings;
}

function add(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

/** How many of each. */
export function count<T>(list: readonly T[], of: (entry: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const entry of list) add(counts, of(entry));
  return counts;
}

function group<T>(list: readonly T[], by: (entry: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const entry of list) groups.set(by(entry), [...(groups.get(by(entry)) ?? []), entry]);
  return groups;
}
