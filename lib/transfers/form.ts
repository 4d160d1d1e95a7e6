import { z } from "zod";

/** Which invoice a transfer is accepted for: by its reference, as people know it. */
export const acceptTransferSchema = z.object({
  transferId: z.string(),
  reference: z.string().trim().min(1, "Enter the reference of the invoice that this transfer is for"),
});
