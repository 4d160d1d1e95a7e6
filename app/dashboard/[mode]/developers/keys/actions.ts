"use server";

import { action } from "@/app/_session/action";
import { replaceKeySchema } from "@/lib/api-keys/schema";
import { rotateApiKey } from "@/lib/merchants/rotation";

/** The new key leaves the server this once. */
export const replaceKey = action(replaceKeySchema, ({ merchant, mode, actor }, { grace }) =>
  rotateApiKey(merchant.id, { mode, grace }, actor),
);
