/**
 * `npm run demo`: the life of one payment, on this machine alone. A local Ethereum node, the gateway against it, a shop's invoice,
 * a transfer that pays it, confirmations, and the signed webhook; each step in words, with what one would type for it. It ends by
 * itself and leaves nothing behind.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Address } from "viem";
import { type Anvil, chainIds, startAnvil } from "@/e2e/chain/anvil";
import { type Gateway, startGateway } from "@/e2e/gateway";
import { type ReceivedRequest, type Receiver, startReceiver } from "@/e2e/receiver";
import { parseAmount, unitsToBase } from "@/lib/money";

/** Waits for what takes the gateway a second or two. */
const PATIENCE_MS = 30_000;
const AMOUNT = "25.00";
const REFERENCE = "ORDER-1001";

type Invoice = {
  id: string;
  reference: string;
  status: string;
  amountUsdtExact: string;
  payoutAddress: string;
  paymentUrl: string;
  txHash: string | null;
  paidAt: string | null;
  payment: { txHash: string; confirmations: number; requiredConfirmations: number } | null;
};

const begun = performance.now();
const interrupted = new AbortController();
let node: Anvil | undefined;
let gateway: Gateway | undefined;
let receiver: Receiver | undefined;
let number = 0;
let current = "starting";

watchForTheEnd();
demo()
  .then(
    () => 0,
    (error: unknown) => {
      if (interrupted.signal.aborted) return 130;
      process.stderr.write(`\nThe demo failed while ${current}: ${lineOf(error)}\n`);
      return 1;
    },
  )
  .then(async (code) => {
    await cleanUp();
    process.exit(code);
  });

async function demo(): Promise<void> {
  say("The life of one USDT payment, on this machine alone: nothing here is worth money or leaves the computer.\n");

  doing("starting a local Ethereum node");
  node = await startAnvil({ chainId: chainIds.ethereum });
  const { url: nodeUrl, token } = node;
  step("A local Ethereum node runs (anvil), with the USDT contract where mainnet has it.");
  note(`node ${nodeUrl}, token ${token}`);

  doing("starting the gateway");
  receiver = await startReceiver();
  gateway = await startGateway({
    env: { ETHEREUM_RPC_URLS: nodeUrl, ETHEREUM_POLL_MS: "500", WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8" },
    onLine: (line) => {
      if (/^(Building|Built|Waiting)/.test(line)) say(`${time()}    ${line}`);
    },
    signal: interrupted.signal,
  });
  step("The gateway runs, with a database of its own, and reads that node.");
  type(`ETHEREUM_RPC_URLS=${nodeUrl} WEBHOOK_ALLOW_CIDRS=127.0.0.0/8 npm start`);
  note(`gateway ${gateway.url}, health ${gateway.url}/api/health`);

  doing("creating a merchant");
  type Merchant = { merchantId: string; testKey: string; liveKey: string; webhookSecret: string };
  const merchant = await gateway.admin<Merchant>(
    "merchant:create",
    "--email",
    "shop@example.com",
    "--name",
    "Demo shop",
  );
  step("A merchant was created. It got an API key for each mode, and a secret that webhooks are signed with.");
  type('npm run --silent admin -- merchant:create --email shop@example.com --name "Demo shop"');
  note(`merchant ${merchant.merchantId}, live key ${merchant.liveKey.slice(0, 12)}…`);

  doing("adding a wallet");
  const address = `0x${randomBytes(20).toString("hex")}` as Address;
  const { walletId } = await gateway.admin(
    "wallet:add",
    ...args({ ...merchantOf(merchant), network: "ethereum", address }),
  );
  step("The merchant's wallet was registered. Only its address: the gateway holds no keys and no money.");
  type(
    `npm run --silent admin -- wallet:add --merchant ${merchant.merchantId} --network ethereum --address ${address}`,
  );
  note(`wallet ${walletId}`);

  doing("creating an invoice");
  const callbackUrl = `${receiver.url}/webhooks`;
  const order = { amountUsdt: AMOUNT, assetCode: "USDT_ERC20", reference: REFERENCE, callbackUrl };
  const invoice = await request<Invoice>(merchant.liveKey, "POST", "/invoices", order);
  step(`The shop asked for ${AMOUNT} USDT: an invoice over exactly ${invoice.amountUsdtExact}.`);
  type(
    `curl -s ${gateway.url}/api/v1/invoices -H "Authorization: Bearer $LIVE_KEY" \\`,
    `  -H "Content-Type: application/json" -d '${JSON.stringify(order)}'`,
  );
  note(`invoice ${invoice.id}`);
  note(`the customer would open ${invoice.paymentUrl}`);

  doing("paying the invoice");
  const parsed = parseAmount(invoice.amountUsdtExact);
  if (!parsed.ok) throw new Error(`amountUsdtExact is ${invoice.amountUsdtExact}`);
  const value = unitsToBase(parsed.units, node.decimals);
  const sent = await node.sendTransfer({ to: invoice.payoutAddress as Address, value });
  step(`The customer sent ${invoice.amountUsdtExact} USDT from a wallet of theirs straight to the merchant's.`);
  note(`transaction ${sent.hash}, block ${sent.blockNumber}`);

  doing("waiting for the gateway to see the payment");
  const seen = await until(merchant.liveKey, invoice.id, (found) => found.payment !== null);
  if (!seen.payment) throw new Error("no payment");
  const { confirmations, requiredConfirmations } = seen.payment;
  step(
    `The gateway saw it: ${confirmations} of ${requiredConfirmations} confirmations, so the invoice is still ${seen.status}.`,
  );
  type(`curl -s ${gateway.url}/api/v1/invoices/${invoice.id} -H "Authorization: Bearer $LIVE_KEY"`);

  doing("mining the confirmations");
  const head = await node.mine(requiredConfirmations - confirmations);
  step(
    `${requiredConfirmations - confirmations} more blocks were mined; on mainnet they take about two and a half minutes.`,
  );
  note(`the chain stands at block ${head.number}`);

  doing("waiting for the webhook");
  const webhook = await receiver.waitFor(() => true, PATIENCE_MS);
  step("The webhook arrived at the shop.");
  note(`POST ${webhook.path}, X-Webhook-Id ${webhook.id}`);
  note(webhook.body);

  doing("verifying the webhook's signatures");
  verify(webhook, merchant.webhookSecret);
  step("Its signatures are right, by both schemes, so it is from the gateway and unchanged:");
  note("X-Webhook-Signature = hex HMAC-SHA256 of the body under the webhook secret");
  note("webhook-signature = Standard Webhooks: base64 HMAC-SHA256 of id.timestamp.body under the decoded secret");

  doing("reading the invoice");
  const paid = await request<Invoice>(merchant.liveKey, "GET", `/invoices/${invoice.id}`);
  if (paid.status !== "confirmed") throw new Error(`its status is ${paid.status}, not confirmed`);
  if (paid.txHash !== sent.hash) throw new Error(`its txHash is ${paid.txHash}, not ${sent.hash}`);
  step(`The invoice is ${paid.status}, paid at ${paid.paidAt} by that transaction.`);
  // Twice would be seen within a poll or two.
  await sleep(1_500);
  if (receiver.requests.length !== 1) throw new Error(`${receiver.requests.length} webhooks came, not 1`);
  step("No second webhook came.");

  doing("stopping");
  await cleanUp();
  step("Everything was stopped and the temporary data removed.");
  say("\nNow with a gateway that stays: npm start");
}

/** Checks both signatures as a receiver would. @throws Error that says which is wrong. */
function verify({ headers, body }: ReceivedRequest, secret: string): void {
  const simple = createHmac("sha256", secret).update(body).digest("hex");
  if (!same(String(headers["x-webhook-signature"]), simple)) throw new Error("X-Webhook-Signature is wrong");
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  const standard = `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
  const given = String(headers["webhook-signature"]).split(" ");
  if (!given.some((signature) => same(signature, standard))) throw new Error("webhook-signature is wrong");
  if (JSON.parse(body).status !== "confirmed") throw new Error("it does not say confirmed");
}

function same(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

async function request<T>(key: string, method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${gateway?.url}/api/v1${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.any([interrupted.signal, AbortSignal.timeout(PATIENCE_MS)]),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as T;
}

/** Reads an invoice until something is true of it. */
async function until(key: string, id: string, holds: (invoice: Invoice) => boolean): Promise<Invoice> {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(50)) {
    const invoice = await request<Invoice>(key, "GET", `/invoices/${id}`);
    if (holds(invoice)) return invoice;
  }
  throw new Error(`nothing happened within ${PATIENCE_MS / 1000} s`);
}

const merchantOf = ({ merchantId }: { merchantId: string }) => ({ merchant: merchantId });
const args = (options: Record<string, string>) =>
  Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);

// Words

function doing(what: string): void {
  interrupted.signal.throwIfAborted();
  current = what;
}

function step(text: string): void {
  number++;
  say(`${time()} ${String(number).padStart(2)}. ${text}`);
}

function type(...lines: string[]): void {
  for (const [index, line] of lines.entries()) say(`              ${index === 0 ? "$" : " "} ${line}`);
}

function note(text: string): void {
  say(`              ${text}`);
}

const time = (): string => `${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s`;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function lineOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, " | ").trim();
}

// The end

async function cleanUp(): Promise<void> {
  await Promise.allSettled([gateway?.stop(), receiver?.close(), node?.stop()]);
  receiver = undefined;
}

function watchForTheEnd(): void {
  let first = 0;
  const onSignal = (): void => {
    // A Ctrl-C can reach us twice, from the terminal and from npm; only a later one means impatience.
    if (first && Date.now() - first > 500) process.exit(130);
    first ||= Date.now();
    interrupted.abort(new Error("interrupted"));
    if (gateway) void cleanUp().then(() => process.exit(130));
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, onSignal);
  // Whoever read our output is gone (`npm run demo | head`).
  process.stdout.on("error", () => onSignal());
}
