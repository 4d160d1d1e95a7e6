"use server";

import type { z } from "zod";
import { requestIp } from "@/app/_session/session";
import { type ActionResult, refusal } from "@/lib/auth/actions";
import { registerSchema } from "@/lib/auth/schema";
import { register } from "@/lib/auth/service";
import type { NewMerchant } from "@/lib/merchants/service";

/** Opens an account; its keys and secret leave the server this once. */
export async function registerAccount(input: z.input<typeof registerSchema>): Promise<ActionResult<NewMerchant>> {
  try {
    return { ok: true, data: await register(registerSchema.parse(input), await requestIp()) };
  } catch (error) {
    return refusal(error);
  }
}
