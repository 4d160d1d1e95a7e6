import type { z } from "zod";
import { db, type Executor } from "@/db/client";
import { type Actor, insertAudit } from "@/db/queries/audit";
import type { Scope } from "@/db/queries/invoices";
import { lockMerchant, type Merchant } from "@/db/queries/merchants";
import { listCrowdedAmounts } from "@/db/queries/overview";
import {
  countOpenInvoices,
  findWallet,
  findWalletByKey,
  insertWallet,
  listAllWallets,
  listWallets,
  raiseWalletsVersion,
  updateWallet,
  type Wallet,
} from "@/db/queries/wallets";
import { parseAddress } from "@/lib/chains/address";
import { labelOf } from "@/lib/chains/networks";
import { AppError } from "@/lib/errors";
import { formatAmount } from "@/lib/money";
import type { addWalletSchema, renameWalletSchema } from "./schema";

/**
 * Registers where a merchant is paid on a network. `wallets_address_once` refuses an address that the merchant already has
 * there, however it is spelled; an archived one comes back into use.
 * @throws {AppError} invalid_request with what is wrong with the address; not_found where there is no such merchant.
 */
export async function addWallet(
  merchantId: string,
  input: z.output<typeof addWalletSchema>,
  actor: Actor,
): Promise<Wallet> {
  const { network } = input;
  const parsed = parseAddress(network, input.address);
  if (!parsed.ok) throw wrongAddress(`${input.address.slice(0, 60)}: ${parsed.message}`, parsed.message);
  return await db().transaction(async (tx) => {
    // Changes of a merchant's wallets come one after the other: else two at once could leave a network without a default.
    if (!(await lockMerchant(tx, merchantId))) throw new AppError("not_found", "There is no such merchant");
    const label = input.label || null;
    const { address, key: addressKey } = parsed;
    const inserted = await insertWallet(tx, { merchantId, network, address, addressKey, label });
    const wallet = inserted ?? (await restoreWallet(tx, { merchantId, network, addressKey, label }));
    if (!wallet) {
      const message = `The merchant already has ${address} on ${labelOf(network)}`;
      throw wrongAddress(message, `You already have this address on ${labelOf(network)}`);
    }
    const action = inserted ? "wallet.added" : "wallet.restored";
    const data = { network, address: wallet.address, label: wallet.label };
    await insertAudit(tx, { merchantId, actor, action, target: wallet.id, data });
    return wallet;
  });
}

const wrongAddress = (message: string, atField: string) =>
  new AppError("invalid_request", message, { details: [{ path: "address", message: atField }] });

/** Brings an archived wallet back; null where the merchant has no archived one with this address. */
async function restoreWallet(
  tx: Executor,
  { merchantId, network, addressKey, label }: Pick<Wallet, "merchantId" | "network" | "addressKey" | "label">,
): Promise<Wallet | null> {
  const archived = await findWalletByKey(tx, merchantId, network, addressKey);
  if (!archived?.archivedAt) return null;
  const hasDefault = (await listWallets(tx, merchantId)).some((each) => each.network === network && each.isDefault);
  const changes = { archivedAt: null, isDefault: !hasDefault, label: label ?? archived.label };
  await raiseWalletsVersion(tx, merchantId);
  return await updateWallet(tx, archived.id, changes);
}

/** Makes a wallet the one that invoices of its network are paid into unless they name another. @throws {AppError} not_found */
export async function makeDefaultWallet(merchantId: string, walletId: string, actor: Actor): Promise<void> {
  await change(merchantId, walletId, actor, "wallet.made_default", async (tx, wallet) => {
    if (wallet.archivedAt) throw archivedError();
    await replaceDefault(tx, wallet, wallet);
    return {};
  });
}

/** @throws {AppError} not_found */
export async function renameWallet(
  merchantId: string,
  { walletId, label }: z.output<typeof renameWalletSchema>,
  actor: Actor,
): Promise<void> {
  await change(merchantId, walletId, actor, "wallet.renamed", async (tx, wallet) => {
    await updateWallet(tx, walletId, { label: label || null });
    return { from: wallet.label, to: label || null };
  });
}

/**
 * Takes a wallet out of use: no new invoice is paid into it. It stays on the watch list, so that open invoices are still
 * credited, and whatever comes later is shown as unmatched. The oldest other wallet of the network becomes the default.
 * @throws {AppError} not_found
 */
export async function archiveWallet(merchantId: string, walletId: string, actor: Actor): Promise<void> {
  await change(merchantId, walletId, actor, "wallet.archived", async (tx, wallet) => {
    if (wallet.archivedAt) throw archivedError();
    await updateWallet(tx, walletId, { archivedAt: new Date(), isDefault: false });
    const [next] = (await listWallets(tx, merchantId)).filter((each) => each.network === wallet.network);
    if (wallet.isDefault && next) await updateWallet(tx, next.id, { isDefault: true });
    return wallet.isDefault ? { newDefault: next?.address ?? null } : {};
  });
}

const archivedError = () => new AppError("invalid_request", "This wallet is archived. Add its address again to use it");

/** `wallets_one_default` allows no moment with two. */
async function replaceDefault(tx: Executor, { merchantId, network }: Wallet, to: Wallet): Promise<void> {
  for (const each of await listWallets(tx, merchantId)) {
    if (each.network === network && each.isDefault) await updateWallet(tx, each.id, { isDefault: false });
  }
  await updateWallet(tx, to.id, { isDefault: true });
}

/** Changes one of a merchant's wallets, in turn with other changes of them, and records it with what `work` says about it. */
async function change(
  merchantId: string,
  walletId: string,
  actor: Actor,
  action: string,
  work: (tx: Executor, wallet: Wallet) => Promise<Record<string, unknown>>,
): Promise<void> {
  await db().transaction(async (tx) => {
    await lockMerchant(tx, merchantId);
    const wallet = await findWallet(tx, merchantId, walletId);
    if (!wallet) throw new AppError("not_found", "There is no such wallet");
    const { network, address } = wallet;
    const data = { network, address, ...(await work(tx, wallet)) };
    await raiseWalletsVersion(tx, merchantId);
    await insertAudit(tx, { merchantId, actor, action, target: walletId, data });
  });
}

/** As many of the latest open invoices are looked at for amounts that many share. */
const OPEN_LOOKED_AT = 2_000;

/** A wallet and how it stands in a mode. `crowded`: the asked amount with the most exact amounts taken from it upwards. */
export type WalletUse = Wallet & { openInvoices: number; crowded: { amountUsdt: string; taken: number } | null };

/** A merchant's wallets, archived ones too, oldest first. */
export async function listWalletUse(
  { id: merchantId, adjustmentLimit }: Pick<Merchant, "id" | "adjustmentLimit">,
  mode: Scope["mode"],
): Promise<WalletUse[]> {
  const scope = { merchantId, mode };
  const [wallets, open, crowds] = await Promise.all([
    listAllWallets(db(), merchantId),
    countOpenInvoices(db(), scope),
    listCrowdedAmounts(db(), scope, adjustmentLimit, OPEN_LOOKED_AT),
  ]);
  return wallets.map((wallet) => {
    const crowd = crowds.find((each) => each.walletId === wallet.id);
    const crowded = crowd ? { amountUsdt: formatAmount(crowd.amount), taken: crowd.taken } : null;
    return { ...wallet, openInvoices: open.get(wallet.id) ?? 0, crowded };
  });
}
