/**
 * The shop's orders, in one file that is replaced as a whole. Yours are rows of a database: what is done here in one write, do
 * there in one transaction.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { WebhookEvent } from "usdt-gateway";

export const PRODUCT = { name: "Field recordings, volume 1", amountUsdt: "12.5000" };

export type Order = {
  /** Unguessable: who knows it sees the order. */
  id: string;
  product: string;
  amountUsdt: string;
  status: "open" | "paid" | "expired" | "cancelled";
  eventIds: string[];
  downloadKey: string | null;
};

const FILE = "orders.json";

const read = (): Order[] => (existsSync(FILE) ? JSON.parse(readFileSync(FILE, "utf8")) : []);

function write(orders: Order[]): void {
  writeFileSync(`${FILE}.new`, JSON.stringify(orders, null, 2));
  renameSync(`${FILE}.new`, FILE);
}

export function createOrder({ name, amountUsdt }: typeof PRODUCT): Order {
  const id = randomUUID();
  const order: Order = { id, product: name, amountUsdt, status: "open", eventIds: [], downloadKey: null };
  write([...read(), order]);
  return order;
}

export function findOrder(id: string): Order | null {
  return read().find((order) => order.id === id) ?? null;
}

/** Does what a webhook tells, once, however often and in whatever order webhooks come. */
export function applyEvent(event: WebhookEvent): void {
  const orders = read();
  const order = orders.find(({ id }) => id === event.invoice_reference);
  if (!order || order.eventIds.includes(event.event_id)) return;
  order.eventIds.push(event.event_id);
  if (event.type === "invoice.confirmed" && order.status !== "paid") {
    // Paid and delivered in one write: neither happens without the other, and neither twice.
    order.status = "paid";
    order.downloadKey = randomBytes(8).toString("hex");
    console.log(`Order ${order.id} is paid and delivered`);
  } else if (event.type !== "invoice.confirmed" && order.status === "open") {
    order.status = event.status;
  }
  write(orders);
}
