import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "@/db/connect";
import { type Anvil, startAnvil } from "./chain/anvil";
import { type Gateway, startGateway } from "./gateway";
import { type Receiver, startReceiver } from "./receiver";
import { randomAddress } from "./world";

/**
 * kill -9 between every two steps of an invoice's life. The server is held at a step by a lock on the table that the step
 * writes, killed there, and started again: whatever was under way is done once, and nothing is lost.
 */
type Sql = ReturnType<typeof connect>;

let node: Anvil;
let receiver: Receiver;
let gateway: Gateway;
let merchant: { merchantId: string; liveKey: string; testKey: string; webhookSecret: string };

beforeAll(async () => {
  [node, receiver] = await Promise.all([startAnvil({ chainId: 1 }), startReceiver()]);
  gateway = await startGateway({
    env: { ETHEREUM_RPC_URLS: node.url, ETHEREUM_POLL_MS: "300", WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8" },
  });
  merchant = await gateway.admin("merchant:create", "--email", "shop@example.com", "--name", "Shop");
}, 600_000);

afterAll(async () => {
  await gateway?.stop();
  await receiver?.close();
  await node?.stop();
});

async function api(
  method: string,
  path: string,
  body?: unknown,
  more: Record<string, string> = {},
): Promise<Record<string, unknown>> {
  const response = await fetch(`${gateway.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${merchant.liveKey}`, "content-type": "application/json", ...more },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return (await response.json()) as Record<string, unknown>;
}

async function newInvoice() {
  const address = randomAddress();
  const { walletId } = await gateway.admin<{ walletId: string }>(
    "wallet:add",
    "--merchant",
    merchant.merchantId,
    "--network",
    "ethereum",
    "--address",
    address,
  );
  const invoice = await api("POST", "/invoices", { amountUsdt: "25", walletId, callbackUrl: `${receiver.url}/hook` });
  expect(invoice.status).toBe("pending");
  return { ...invoice, address } as unknown as { id: string; reference: string; address: `0x${string}` };
}

async function pay(address: `0x${string}`): Promise<string> {
  const { hash } = await node.sendTransfer({ to: address, value: 25_000_000n });
  await node.mine(12);
  return hash;
}

async function until(holds: () => Promise<boolean>, what: string, ms = 30_000): Promise<void> {
  for (const deadline = Date.now() + ms; !(await holds()); await new Promise((done) => setTimeout(done, 25))) {
    if (Date.now() > deadline) throw new Error(`never: ${what}`);
  }
}

/** Holds the server where it writes `table`, kills it there, and starts it again. */
async function killWhileWriting(table: string, act: () => Promise<unknown>): Promise<void> {
  const sql = connect(gateway.databaseUrl(), { max: 2 });
  // The driver waits for ever for a reserved connection that it has to open first, when it looks up no types.
  await sql`select 1`;
  const session = await sql.reserve();
  try {
    await session`begin`;
    await session.unsafe(`lock table ${table} in share mode`);
    await act();
    const waiting = () => sql`select 1 from pg_locks where not granted and relation = ${table}::regclass`;
    await until(async () => (await waiting()).length > 0, `the server writes ${table}`);
    await gateway.kill("SIGKILL");
  } finally {
    session.release();
    await sql.end({ timeout: 1 }).catch(() => {});
  }
  await gateway.restart();
}

/** Holds the server where it changes a row of `table`, kills it there, and starts it again. */
async function killWhileChanging(table: string, act: () => Promise<unknown>): Promise<void> {
  const sql = connect(gateway.databaseUrl(), { max: 2 });
  await sql`select 1`;
  const session = await sql.reserve();
  try {
    await session`select pg_advisory_lock(4711)`;
    await sql.unsafe(`
      create or replace function hold() returns trigger language plpgsql as
        $$ begin perform pg_advisory_xact_lock(4711); return new; end $$;
      create trigger hold before update on ${table} for each row execute function hold()`);
    await act();
    const waiting = () => sql`select 1 from pg_locks where not granted and locktype = 'advisory' and objid = 4711`;
    await until(async () => (await waiting()).length > 0, `the server changes ${table}`);
    await gateway.kill("SIGKILL");
    await session`select pg_advisory_unlock(4711)`;
    await sql.unsafe(`drop trigger hold on ${table}`);
  } finally {
    session.release();
    await sql.end({ timeout: 1 }).catch(() => {});
  }
  await gateway.restart();
}

/** Lets every commit be stored but not acknowledged, as if the server died before it heard of it; kills it there. */
async function killAfterCommit(act: () => Promise<unknown>, stored: (sql: Sql) => Promise<boolean>): Promise<void> {
  const sql = connect(gateway.databaseUrl(), { max: 1 });
  try {
    await sql`alter system set synchronous_standby_names = 'nobody'`;
    await sql`select pg_reload_conf()`;
    const names = async () =>
      (await sql<{ name: string }[]>`select current_setting('synchronous_standby_names') as name`)[0]?.name;
    await until(async () => (await names()) === "nobody", "commits wait for a standby that is not there");
    await act();
    await until(() => stored(sql), "the commit waits");
    await gateway.kill("SIGKILL");
    await sql`alter system reset synchronous_standby_names`;
    await sql`select pg_reload_conf()`;
  } finally {
    await sql.end({ timeout: 1 }).catch(() => {});
  }
  await gateway.restart();
}

/** The invoice is confirmed, by one payment, announced by one event under one id, whose signature verifies. */
async function expectPaidOnce(invoice: { id: string; reference: string }, txHash: string): Promise<void> {
  const ofInvoice = () => receiver.requests.filter((r) => r.headers["x-invoice-reference"] === invoice.reference);
  const sql = connect(gateway.databaseUrl(), { max: 1 });
  try {
    await until(async () => {
      const rows = await sql`
        select d.status from deliveries d join events e on e.id = d.event_id where e.invoice_id = ${invoice.id}`;
      return rows[0]?.status === "delivered";
    }, "the webhook is delivered");
    const [books] = await sql`
      select
        (select count(*)::int from payments where invoice_id = ${invoice.id}) as payments,
        (select count(*)::int from transfers where tx_hash = ${txHash}) as transfers,
        (select count(*)::int from events where invoice_id = ${invoice.id}) as events`;
    expect(books).toEqual({ payments: 1, transfers: 1, events: 1 });
  } finally {
    await sql.end();
  }
  expect(await api("GET", `/invoices/${invoice.id}`)).toMatchObject({ status: "confirmed", txHash });
  const received = ofInvoice();
  expect(new Set(received.map((request) => request.id)).size).toBe(1);
  expect(new Set(received.map((request) => request.body)).size).toBe(1);
  const signature = createHmac("sha256", merchant.webhookSecret)
    .update(received[0]?.body ?? "")
    .digest("hex");
  expect(received[0]?.headers["x-webhook-signature"]).toBe(signature);
}

describe("kill -9 of the server", () => {
  it("while it creates an invoice leaves no amount taken", async () => {
    const address = randomAddress();
    const add = ["wallet:add", "--merchant", merchant.merchantId, "--network", "ethereum", "--address", address];
    const { walletId } = await gateway.admin<{ walletId: string }>(...add);
    const create = () => api("POST", "/invoices", { amountUsdt: "25", walletId });
    await killWhileWriting("invoices", async () => {
      create().catch(() => {});
    });
    expect(await create()).toMatchObject({ status: "pending", amountUsdtExact: "25.0000" });
  });

  it("after an invoice was stored and before the answer: the same request under its key gets that invoice", async () => {
    const address = randomAddress();
    const add = ["wallet:add", "--merchant", merchant.merchantId, "--network", "ethereum", "--address", address];
    const { walletId } = await gateway.admin<{ walletId: string }>(...add);
    const key = { "idempotency-key": randomAddress() };
    const create = () => api("POST", "/invoices", { amountUsdt: "25", walletId }, key);
    let answered = false;
    const answer = () => {
      answered = true;
    };
    await killAfterCommit(
      async () => void create().then(answer, () => {}),
      async (sql) => {
        // Nobody sees the row before the commit has been waited for; whoever writes invoices holds a lock until then.
        const waiting = await sql`
          select 1 from pg_stat_activity a join pg_locks l using (pid)
          where a.wait_event = 'SyncRep' and l.relation = 'invoices'::regclass and l.mode = 'RowExclusiveLock'`;
        return waiting.length > 0;
      },
    );
    expect(answered).toBe(false);
    const sql = connect(gateway.databaseUrl(), { max: 1 });
    const invoices = () => sql<{ id: string }[]>`select id from invoices where wallet_id = ${walletId}`;
    try {
      const stored = await invoices();
      expect(stored).toHaveLength(1);
      expect(await create()).toMatchObject({ id: stored[0]?.id, amountUsdtExact: "25.0000" });
      expect(await invoices()).toHaveLength(1);
    } finally {
      await sql.end();
    }
  });

  it("after an invoice was confirmed and before its webhook is taken up: it leaves after the next start", async () => {
    const invoice = await newInvoice();
    let txHash = "";
    await killWhileChanging("deliveries", async () => {
      txHash = await pay(invoice.address);
    });
    await expectPaidOnce(invoice, txHash);
    expect(receiver.requests.filter((r) => r.headers["x-invoice-reference"] === invoice.reference)).toHaveLength(1);
  });

  it.each([
    ["stores a transfer", "transfers"],
    ["joins it to its invoice", "payments"],
    ["records the event", "events"],
    ["records the delivery", "deliveries"],
    ["records the attempt, after the webhook was sent", "attempts"],
  ])("while it %s loses nothing and doubles nothing", async (_step, table) => {
    const invoice = await newInvoice();
    let txHash = "";
    await killWhileWriting(table, async () => {
      txHash = await pay(invoice.address);
    });
    await expectPaidOnce(invoice, txHash);
  });

  it("while the receiver has the webhook and has not answered sends it again under the same id", async () => {
    const invoice = await newInvoice();
    receiver.behave({ hang: true });
    const txHash = await pay(invoice.address);
    await receiver.waitFor((request) => request.headers["x-invoice-reference"] === invoice.reference, 30_000);
    await gateway.kill("SIGKILL");
    receiver.behave({});
    await gateway.restart();
    await expectPaidOnce(invoice, txHash);
  });

  it("does not lose a delayed payment of the sandbox", async () => {
    const test = { authorization: `Bearer ${merchant.testKey}`, "content-type": "application/json" };
    const send = async (path: string, body?: unknown) => {
      const init =
        body === undefined ? { headers: test } : { method: "POST", headers: test, body: JSON.stringify(body) };
      return (await (await fetch(`${gateway.url}/api/v1${path}`, init)).json()) as Record<string, unknown>;
    };
    const invoice = await send("/invoices", { amountUsdt: "9" });
    const simulation = await send("/sandbox/simulate-payment", { invoiceId: invoice.id, delaySeconds: 4 });
    expect(simulation.status).toBe("scheduled");
    await gateway.kill("SIGKILL");
    await gateway.restart();
    await until(async () => (await send(`/invoices/${invoice.id}`)).status === "confirmed", "the test invoice is paid");
  });

  it("while it is down lets nobody lose a payment made meanwhile", async () => {
    const invoice = await newInvoice();
    await gateway.kill("SIGKILL");
    const txHash = await pay(invoice.address);
    await gateway.restart();
    await expectPaidOnce(invoice, txHash);
  });
});
