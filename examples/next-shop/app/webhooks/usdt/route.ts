import { type WebhookEvent, WebhookVerificationError } from "usdt-gateway";
import { gateway } from "@/lib/gateway";
import { applyEvent } from "@/lib/orders";

export async function POST(request: Request): Promise<Response> {
  let event: WebhookEvent;
  try {
    // The signature is of the raw bytes: text(), not json().
    event = gateway().webhooks.verify(await request.text(), request.headers, process.env.GATEWAY_WEBHOOK_SECRET);
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    console.warn(error.message);
    return new Response(error.message, { status: 400 });
  }
  // A payment in the sandbox buys nothing in the real shop.
  if (event.is_test === (gateway().mode === "test")) applyEvent(event);
  // Also for what this shop does not know or has seen before: it need not come again.
  return new Response("ok");
}
