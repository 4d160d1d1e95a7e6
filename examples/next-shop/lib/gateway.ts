import { UsdtGateway } from "usdt-gateway";
import type { Order } from "@/lib/orders";

let client: UsdtGateway | undefined;

/** Made when it is first used, so that the shop builds without its secrets. */
export function gateway(): UsdtGateway {
  client ??= new UsdtGateway(process.env.GATEWAY_API_KEY, { baseUrl: process.env.GATEWAY_URL });
  return client;
}

/** Where the customer pays. The order's id is the idempotency key: however often this is called, the order has one invoice. */
export async function paymentUrl(order: Order): Promise<string> {
  const shopUrl = process.env.SHOP_URL ?? "http://localhost:4000";
  const invoice = await gateway().invoices.create(
    {
      amountUsdt: order.amountUsdt,
      reference: order.id,
      title: order.product,
      callbackUrl: `${shopUrl}/webhooks/usdt`,
      returnUrl: `${shopUrl}/orders/${order.id}`,
    },
    { idempotencyKey: order.id },
  );
  return invoice.paymentUrl;
}
