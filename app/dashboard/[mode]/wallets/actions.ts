"use server";

import { action } from "@/app/_session/action";
import { confirmPassword } from "@/lib/auth/service";
import * as check from "@/lib/wallets/check";
import { addOwnWalletSchema, checkAddressSchema, renameWalletSchema, walletSchema } from "@/lib/wallets/schema";
import * as wallets from "@/lib/wallets/service";

export const addWallet = action(addOwnWalletSchema, async ({ user, merchant, actor }, { password, ...wallet }) => {
  await confirmPassword(user, password);
  await wallets.addWallet(merchant.id, wallet, actor);
});

export const checkAddress = action(
  checkAddressSchema,
  ({ merchant }, { network, address }) => check.checkAddress(merchant.id, network, address),
  { reads: true },
);

export const makeDefaultWallet = action(walletSchema, ({ merchant, actor }, { walletId }) =>
  wallets.makeDefaultWallet(merchant.id, walletId, actor),
);

export const renameWallet = action(renameWalletSchema, ({ merchant, actor }, input) =>
  wallets.renameWallet(merchant.id, input, actor),
);

export const archiveWallet = action(walletSchema, ({ merchant, actor }, { walletId }) =>
  wallets.archiveWallet(merchant.id, walletId, actor),
);
