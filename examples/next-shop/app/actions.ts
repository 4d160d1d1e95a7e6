"use server";

import { redirect } from "next/navigation";
import { paymentUrl } from "@/lib/gateway";
import { createOrder, findOrder, PRODUCT } from "@/lib/orders";

/** Orders the product and sends the customer to pay. */
export async function buy(): Promise<void> {
  redirect(await paymentUrl(createOrder(PRODUCT)));
}

/** Sends the customer to the same invoice again. */
export async function pay(id: string): Promise<void> {
  const order = findOrder(id);
  redirect(order?.status === "open" ? await paymentUrl(order) : `/orders/${encodeURIComponent(id)}`);
}
