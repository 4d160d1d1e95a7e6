import { randomBytes } from "node:crypto";
import { type Gateway, startGateway } from "@/e2e/gateway";
import { fillDashboard, fillInvoices } from "./fill";
import { type Bench, goal, median, ms, percentile, table, whole } from "./report";
import { type Merchant, randomAddress, withSql } from "./world";

const GOAL_MS = 300;
const PASSWORD = "correct horse battery";

/** Every page of the dashboard for a merchant with much in it. */
export const bench: Bench = {
  options: { invoices: 1_000_000, rounds: 12 },
  method: ({ invoices = 0, rounds }) =>
    `method: one merchant with ${whole(invoices)} invoices of 300 days (60 % paid), as many deliveries and API requests; each page is asked\n` +
    `for ${rounds} times over one connection by a logged-in client, in turns, until the last byte. The first round is the warm-up.`,
  async run({ invoices = 1_000_000, rounds = 12 }) {
    const gateway = await startGateway();
    try {
      const email = `${randomBytes(6).toString("hex")}@example.com`;
      const args = ["--email", email, "--name", "Bench", "--password", PASSWORD];
      const { merchantId } = await gateway.admin<Merchant>("merchant:create", ...args);
      const wallet = ["--merchant", merchantId, "--network", "ethereum", "--address", randomAddress()];
      await gateway.admin("wallet:add", ...wallet);
      await withSql(gateway, async (sql) => {
        await fillInvoices(sql, merchantId, invoices);
        await fillDashboard(sql, merchantId, invoices);
      });
      const cookie = await logIn(gateway, email);
      const pages = await pagesOf(gateway, merchantId, invoices);
      const times = pages.map((): number[] => []);
      for (let round = 0; round <= rounds; round++) {
        for (const [i, [name, path]] of pages.entries()) {
          const started = performance.now();
          const response = await fetch(`${gateway.url}/dashboard/test${path}`, {
            headers: { cookie },
            redirect: "manual",
          });
          const text = await response.text();
          if (response.status !== 200 || text.length < 1_000) throw new Error(`${name}: ${response.status}`);
          if (round > 0) times[i]?.push(performance.now() - started);
        }
      }
      table(
        ["page", "p50", "p95"],
        pages.map(([name], i) => [name, ms(median(times[i] ?? [])), ms(percentile(times[i] ?? [], 0.95))]),
      );
      console.log("");
      goal(`every page under ${GOAL_MS} ms (p50)`, Math.max(...times.map(median)) < GOAL_MS);
    } finally {
      await gateway.stop();
    }
  },
};

/** Logs in as the log-in page does. @returns the cookies. */
async function logIn(gateway: Gateway, email: string): Promise<string> {
  const cookies = new Map<string, string>();
  const keep = (response: Response) => {
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      cookies.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
    return response;
  };
  const header = () => [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const csrf = keep(await fetch(`${gateway.url}/api/auth/csrf`));
  const { csrfToken } = (await csrf.json()) as { csrfToken: string };
  const answer = await fetch(`${gateway.url}/api/auth/callback/credentials`, {
    method: "POST",
    headers: { cookie: header(), "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ csrfToken, email, password: PASSWORD, json: "true" }),
    redirect: "manual",
  });
  keep(answer);
  if (![...cookies.keys()].some((name) => name.includes("session-token"))) {
    throw new Error(`could not log in: ${answer.status} ${(await answer.text()).slice(0, 200)}`);
  }
  return header();
}

async function pagesOf(
  gateway: Gateway,
  merchantId: string,
  invoices: number,
): Promise<[name: string, path: string][]> {
  const reference = `BENCH-${Math.floor(invoices / 3)}`;
  const found = await withSql(gateway, async (sql) => {
    const [invoice] =
      await sql`select id, created_at from invoices where merchant_id = ${merchantId} and reference = ${reference}`;
    const [transfer] = await sql`select tx_hash from transfers where merchant_id = ${merchantId} limit 1 offset 1000`;
    const [delivery] = await sql`select id from deliveries where merchant_id = ${merchantId} limit 1 offset 500`;
    return { invoice, transfer, delivery };
  });
  const cursor = `${found.invoice?.created_at.getTime()}_${found.invoice?.id}`;
  return [
    ["overview, 30 days", ""],
    ["overview, 90 days", "?range=90d"],
    ["invoices", "/invoices"],
    ["invoices, 200 days back", `/invoices?cursor=${cursor}`],
    ["invoices of a status nobody has", "/invoices?status=pending"],
    ["invoices of a network nobody uses", "/invoices?network=tron"],
    ["search: reference", `/invoices?q=${reference}`],
    ["search: beginning of a reference", "/invoices?q=BENCH-"],
    ["search: amount", "/invoices?q=12.3456"],
    ["search: transaction", `/invoices?q=${found.transfer?.tx_hash}`],
    ["search: words that are nowhere", "/invoices?q=nowhere"],
    ["invoice", `/invoices/${found.invoice?.id}`],
    ["transfers", "/transfers"],
    ["transfers, 200 days back", `/transfers?cursor=${cursor}`],
    ["unmatched transfers", "/transfers/unmatched"],
    ["webhooks", "/developers/webhooks"],
    ["webhooks that failed", "/developers/webhooks?status=failed"],
    ["delivery", `/developers/webhooks/${found.delivery?.id}`],
    ["API logs", "/developers/logs"],
    ["API logs of a status nobody has", "/developers/logs?status=5"],
    ["sandbox", "/developers/sandbox"],
    ["wallets", "/wallets"],
    ["settings", "/settings"],
  ];
}
