import { z } from "zod";
import { db } from "@/db/client";
import { type Actor, insertAudit } from "@/db/queries/audit";
import { findMerchant } from "@/db/queries/merchants";
import { insertWallet, type Wallet } from "@/db/queries/wallets";
import { parseAddress } from "@/lib/chains/address";
import { labelOf, NETWORKS } from "@/lib/chains/networks";
import { AppError } from "@/lib/errors";

export const addWalletSchema = z.object({
  network: z.enum(NETWORKS, `network must be one of ${NETWORKS.join(", ")}`),
  address: z.string("address must be text"),
  label: z.string().trim().max(100, "label must have at most 100 characters").optional(),
});

/**
 * Registers where a merchant is paid on a network. `wallets_address_once` refuses an address that the merchant already has
 * there, however it is spelled.
 * @throws {AppError} invalid_request with what is wrong with the address; not_found where there is no such merchant.
 */
export async function addWallet(
  merchantId: string,
  input: z.output<typeof addWalletSchema>,
  actor: Actor,
): Promise<Wallet> {
  const { network } = input;
  const parsed = parseAddress(network, input.address);
  if (!parsed.ok) {
    throw new AppError("invalid_request", `${input.address.slice(0, 60)}: ${parsed.message}`, {
      details: [{ path: "address", message: parsed.message }],
    });
  }
  return await db().transaction(async (tx) => {
    if (!(await findMerchant(tx, merchantId))) throw new AppError("not_found", "There is no such merchant");
    const label = input.label || null;
    const wallet = await insertWallet(tx, {
      merchantId,
      network,
      address: parsed.address,
      addressKey: parsed.key,
      label,
    });
    if (!wallet)
      throw new AppError("invalid_request", `The merchant already has ${parsed.address} on ${labelOf(network)}`);
    const data = { network, address: parsed.address, label };
    await insertAudit(tx, { merchantId, actor, action: "wallet.added", target: wallet.id, data });
    return wallet;
  });
}
