"use server";

import { action } from "@/app/_session/action";
import * as sandbox from "@/lib/sandbox/by-hand";
import { simulatePaymentSchema, triggerExpirySchema } from "@/lib/sandbox/schema";

export const simulatePayment = action(simulatePaymentSchema, ({ scope }, input) =>
  sandbox.simulatePayment(scope, input),
);

export const triggerExpiry = action(triggerExpirySchema, ({ scope }, input) => sandbox.triggerExpiry(scope, input));
