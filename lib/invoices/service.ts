import { v7 } from "uuid";
import type { Executor } from "@/db/client";
import { db } from "@/db/client";
import { type Actor, insertAudit } from "@/db/queries/audit";
import {
  findInvoice,
  findInvoiceByReference,
  hasPayment,
  type InsertOutcome,
  type InvoiceView,
  insertInvoice,
  insertInvoiceInSavepoint,
  insertInvoiceInTurn,
  lockInvoice,
  type NewInvoice,
  nextFreeSlotAt,
  type Scope,
} from "@/db/queries/invoices";
import type { Merchant } from "@/db/queries/merchants";
import { markCancelled, webhookUrlsOf } from "@/db/queries/settlement";
import { listWallets, type Wallet } from "@/db/queries/wallets";
import { type AssetCode, assetOf, labelOf, type Network, networkOf } from "@/lib/chains/networks";
import { isWatched } from "@/lib/chains/nodes";
import { randomToken } from "@/lib/crypto";
import { AppError } from "@/lib/errors";
import { nudge } from "@/lib/jobs/nudge";
import { isUuid } from "@/lib/uuid";
import { emitEvent } from "@/lib/webhooks/events";
import type { CreateInvoiceInput } from "./schema";

type Terms = Pick<
  Merchant,
  "id" | "adjustmentLimit" | "amountCooldownSeconds" | "defaultExpirySeconds" | "walletsVersion"
>;

/**
 * Creates an invoice. The slot and the invoice are one statement; `amount_slots`' primary key keeps two invoices from one
 * amount on a wallet, `invoices_reference` and `invoices_pay_path` keep references and pages apart.
 * @param executor a transaction to be part of, or the database.
 * @throws {AppError} invalid_request, no_wallet, network_unavailable, duplicate_reference, amount_unavailable.
 */
export async function createInvoice(
  executor: Executor,
  merchant: Terms,
  mode: Scope["mode"],
  input: CreateInvoiceInput,
): Promise<InvoiceView> {
  const wallets = walletsFor(await walletsOf(executor, merchant), input);
  const { network } = wallets[0];
  if (mode === "live" && !isWatched(network)) {
    throw new AppError(
      "network_unavailable",
      `This gateway does not watch ${labelOf(network)} at the moment. Use another network, or ask the operator to set ${network.toUpperCase()}_RPC_URLS`,
    );
  }
  const scope = { merchantId: merchant.id, mode };
  const reference = input.reference ?? randomToken(20);
  const expirySeconds = input.expirySeconds ?? merchant.defaultExpirySeconds;
  const options = {
    adjustmentLimit: merchant.adjustmentLimit,
    expirySeconds,
    cooldownSeconds: merchant.amountCooldownSeconds,
  };
  let payPath = reference;
  for (const wallet of wallets) {
    const slot = { walletId: wallet.id, mode, amount: input.amountUsdt, adjustmentLimit: merchant.adjustmentLimit };
    for (let attempt = 0; ; attempt++) {
      const invoice: NewInvoice = {
        id: v7(),
        merchantId: merchant.id,
        mode,
        walletId: wallet.id,
        network,
        payoutAddress: wallet.address,
        reference,
        payPath,
        amountRequested: input.amountUsdt,
        title: input.title ?? null,
        description: input.description ?? null,
        callbackUrl: input.callbackUrl ?? null,
        returnUrl: input.returnUrl ?? null,
        metadata: input.metadata ?? null,
        whiteLabel: input.useWhiteLabel ?? false,
      };
      const outcome = await tryInsert(executor, invoice, options, attempt > 0);
      if (outcome.result === "inserted") {
        const { amount, createdAt, expiresAt } = outcome;
        // A live one expires by its network's scan. The caller's transaction may still be open: expiry is minutes away.
        if (mode === "test") nudge("sandbox", expiresAt);
        return { ...invoice, ...UNPAID, amount, createdAt, expiresAt, payment: null, scannedNumber: null };
      }
      if (outcome.result === "reference_taken") {
        const existing = await findInvoiceByReference(executor, scope, reference);
        throw new AppError("duplicate_reference", `The reference ${reference} is used by another of your invoices`, {
          body: { invoiceId: existing?.id ?? null },
        });
      }
      // Another merchant or mode has the page of this reference.
      if (outcome.result === "path_taken") payPath = `${reference}-${randomToken(8)}`;
      else if ((await nextFreeSlotAt(executor, slot)) !== null) break;
    }
  }
  throw await amountUnavailable(executor, wallets, mode, input.amountUsdt, merchant.adjustmentLimit);
}

/**
 * Creates an invoice for a person instead of a program: the same, and put on record.
 * @throws {AppError} as `createInvoice`.
 */
export async function createInvoiceByHand(
  merchant: Terms,
  mode: Scope["mode"],
  input: CreateInvoiceInput,
  actor: Actor,
): Promise<InvoiceView> {
  return await db().transaction(async (tx) => {
    const invoice = await createInvoice(tx, merchant, mode, input);
    const data = { reference: invoice.reference };
    await insertAudit(tx, { merchantId: merchant.id, actor, action: "invoice.created", target: invoice.id, data });
    return invoice;
  });
}

const KEPT_MERCHANTS = 10_000;
const keptWallets = new Map<string, { version: number; wallets: Wallet[] }>();

/** A merchant's wallets, from memory while they have not changed: the version comes with the merchant, read in this request. */
async function walletsOf(executor: Executor, { id, walletsVersion }: Terms): Promise<Wallet[]> {
  const kept = keptWallets.get(id);
  if (kept?.version === walletsVersion) return kept.wallets;
  const wallets = await listWallets(executor, id);
  if (keptWallets.size >= KEPT_MERCHANTS) keptWallets.clear();
  keptWallets.set(id, { version: walletsVersion, wallets });
  return wallets;
}

const UNPAID = {
  status: "pending",
  paidAt: null,
  expiredAt: null,
  cancelledAt: null,
  resolution: null,
} as const;

function tryInsert(
  executor: Executor,
  invoice: NewInvoice,
  options: { adjustmentLimit: bigint; expirySeconds: number; cooldownSeconds: number },
  inTurn: boolean,
): Promise<InsertOutcome> {
  if (inTurn) return insertInvoiceInTurn(executor, invoice, options);
  if (executor !== db()) return insertInvoiceInSavepoint(executor, invoice, options);
  return insertInvoice(executor, invoice, options);
}

/** The wallets an invoice may be paid to, the first choice first. @throws {AppError} where there is none. */
function walletsFor(wallets: Wallet[], input: CreateInvoiceInput): [Wallet, ...Wallet[]] {
  if (input.walletId) {
    const wallet = wallets.find((entry) => entry.id === input.walletId);
    if (!wallet) throw invalid("walletId", "walletId is not one of your wallets");
    if (input.assetCode && networkOf(input.assetCode) !== wallet.network) {
      const message = `walletId is a wallet on ${labelOf(wallet.network)}, assetCode is ${input.assetCode}. Leave one out, or use ${assetOf(wallet.network)}`;
      throw invalid("walletId", message);
    }
    return [wallet];
  }
  const network = input.assetCode ? networkOf(input.assetCode) : onlyNetwork(wallets);
  const onNetwork = wallets.filter((wallet) => wallet.network === network);
  const [first, ...others] = [
    ...onNetwork.filter((wallet) => wallet.isDefault),
    ...onNetwork.filter((wallet) => !wallet.isDefault),
  ];
  if (first) return [first, ...others];
  throw noWallet(network);
}

function onlyNetwork(wallets: Wallet[]): Network {
  const networks = [...new Set(wallets.map((wallet) => wallet.network))];
  const [only] = networks;
  if (!only) throw noWallet(null);
  if (networks.length === 1) return only;
  const codes: AssetCode[] = networks.map(assetOf);
  throw invalid(
    "assetCode",
    `assetCode is required, because you have wallets on several networks: ${codes.join(", ")}`,
  );
}

const noWallet = (network: Network | null) =>
  new AppError(
    "no_wallet",
    `You have no wallet${network ? ` on ${labelOf(network)}` : ""} to be paid to. Add one in the dashboard under Wallets, or with: npm run admin -- wallet:add`,
  );

const invalid = (path: string, message: string) =>
  new AppError("invalid_request", message, { details: [{ path, message }] });

async function amountUnavailable(
  executor: Executor,
  wallets: Wallet[],
  mode: Scope["mode"],
  amount: bigint,
  adjustmentLimit: bigint,
): Promise<AppError> {
  const frees = await Promise.all(
    wallets.map((wallet) => nextFreeSlotAt(executor, { walletId: wallet.id, mode, amount, adjustmentLimit })),
  );
  const soonest = Math.min(...frees.map((at) => at?.getTime() ?? Date.now()));
  const seconds = Math.max(1, Math.ceil((soonest - Date.now()) / 1000));
  return new AppError(
    "amount_unavailable",
    "Every amount near this one is taken by another open invoice. Try again later, use another amount, or add a wallet",
    { headers: { "Retry-After": String(seconds) } },
  );
}

/** @throws {AppError} not_found, also for another merchant's invoice and the other mode's. */
export async function getInvoice(scope: Scope, id: string): Promise<InvoiceView> {
  return found(isUuid(id) ? await findInvoice(db(), scope, id) : null);
}

/** @throws {AppError} not_found */
export async function getInvoiceByReference(scope: Scope, reference: string): Promise<InvoiceView> {
  // A NUL would be refused by PostgreSQL, and no reference has one.
  return found(/^[\x20-\x7e]{1,50}$/.test(reference) ? await findInvoiceByReference(db(), scope, reference) : null);
}

/**
 * Cancels a pending invoice that nobody is paying. The row lock keeps a payment from being joined to it meanwhile.
 * @param actor a person, whose cancelling is put on record; programs have their API log.
 * @throws {AppError} not_found, invoice_not_cancellable
 */
export async function cancelInvoice(scope: Scope, id: string, actor?: Actor): Promise<InvoiceView> {
  if (!isUuid(id)) throw notFound();
  await db().transaction(async (tx) => {
    const invoice = await lockInvoice(tx, scope, id);
    if (!invoice) throw notFound();
    if (invoice.status !== "pending") {
      throw new AppError(
        "invoice_not_cancellable",
        `The invoice is ${invoice.status}: only a pending one can be cancelled`,
      );
    }
    if (await hasPayment(tx, id)) {
      throw new AppError(
        "invoice_not_cancellable",
        "A payment of this invoice was seen on the network: it cannot be cancelled",
      );
    }
    const cancelledAt = await markCancelled(tx, id);
    if (actor) {
      await insertAudit(tx, { merchantId: scope.merchantId, actor, action: "invoice.cancelled", target: id });
    }
    const urls = await webhookUrlsOf(tx, [invoice.merchantId]);
    const after = { ...invoice, status: "cancelled" as const, cancelledAt };
    await emitEvent(tx, "invoice.cancelled", after, null, urls.get(invoice.merchantId) ?? null);
  });
  nudge("deliver");
  return getInvoice(scope, id);
}

const notFound = () => new AppError("not_found", "There is no such invoice");

function found(invoice: InvoiceView | null): InvoiceView {
  if (!invoice) throw notFound();
  return invoice;
}
