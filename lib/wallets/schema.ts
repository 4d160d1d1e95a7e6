import { z } from "zod";
import { NETWORKS } from "@/lib/networks";

/** What forms and services of wallets take. Pure: browsers use the same schemas. */

const networkSchema = z.enum(NETWORKS, `network must be one of ${NETWORKS.join(", ")}`);
const labelSchema = z.string().trim().max(100, "label must have at most 100 characters");
const passwordSchema = z.string().min(1, "Enter your password");

export const addWalletSchema = z.object({
  network: networkSchema,
  address: z.string("address must be text"),
  label: labelSchema.optional(),
});

/** In the dashboard adding a wallet asks for the password again: it is where the money goes. */
export const addOwnWalletSchema = z.object({
  network: networkSchema,
  address: z.string().trim().min(1, "Enter the address"),
  label: labelSchema,
  password: passwordSchema,
});

export const checkAddressSchema = z.object({ network: networkSchema, address: z.string().max(200) });

const walletId = z.uuid("walletId must be the id of a wallet");
export const walletSchema = z.object({ walletId });
export const renameWalletSchema = z.object({ walletId, label: labelSchema });
