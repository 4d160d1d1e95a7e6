import express from "express";
import { UsdtGateway, WebhookVerificationError } from "usdt-gateway";
import { applyEvent, createOrder, findOrder } from "./orders.js";
import { orderPage, page, productPage } from "./pages.js";

const { GATEWAY_URL, GATEWAY_API_KEY, GATEWAY_WEBHOOK_SECRET, PORT = "4000" } = process.env;
const { SHOP_URL = `http://localhost:${PORT}` } = process.env;
if (!GATEWAY_WEBHOOK_SECRET)
  throw new Error("Set GATEWAY_WEBHOOK_SECRET: the gateway's dashboard shows it under Webhooks");

const PRODUCT = { name: "Field recordings, volume 1", amountUsdt: "12.5000" };
const gateway = new UsdtGateway(GATEWAY_API_KEY, { baseUrl: GATEWAY_URL });
const app = express();

app.get("/", (_request, response) => {
  response.send(productPage(PRODUCT));
});

app.post("/orders", async (_request, response) => {
  const order = createOrder(PRODUCT);
  response.redirect(303, await paymentUrl(order));
});

app.get("/orders/:id", (request, response) => {
  const order = findOrder(request.params.id);
  if (!order) return response.status(404).send(page("No such order", "<p>There is no such order.</p>"));
  response.send(orderPage(order));
});

app.post("/orders/:id/pay", async (request, response) => {
  const order = findOrder(request.params.id);
  if (order?.status !== "open") return response.redirect(303, `/orders/${encodeURIComponent(request.params.id)}`);
  response.redirect(303, await paymentUrl(order));
});

/** Where the customer pays. The order's id is the idempotency key: however often this is called, the order has one invoice. */
async function paymentUrl(order) {
  const invoice = await gateway.invoices.create(
    {
      amountUsdt: order.amountUsdt,
      reference: order.id,
      title: order.product,
      callbackUrl: `${SHOP_URL}/webhooks/usdt`,
      returnUrl: `${SHOP_URL}/orders/${order.id}`,
    },
    { idempotencyKey: order.id },
  );
  return invoice.paymentUrl;
}

// The signature is of the raw bytes: no express.json() may come before this route.
app.post("/webhooks/usdt", express.raw({ type: "application/json" }), (request, response) => {
  let event;
  try {
    event = gateway.webhooks.verify(request.body, request.headers, GATEWAY_WEBHOOK_SECRET);
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    console.warn(error.message);
    return response.status(400).send(error.message);
  }
  // A payment in the sandbox buys nothing in the real shop.
  if (event.is_test === (gateway.mode === "test")) applyEvent(event);
  // Also for what this shop does not know or has seen before: it need not come again.
  response.sendStatus(200);
});

// Express takes four parameters for the sign of an error handler.
app.use((error, _request, response, _next) => {
  console.error(error);
  response
    .status(502)
    .send(page("Not now", "<p>The payment could not be started. Nothing was paid; please try again.</p>"));
});

app.listen(Number(PORT), () => console.log(`The shop is open: ${SHOP_URL}`));
