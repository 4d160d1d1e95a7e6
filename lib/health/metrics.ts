import { Gauge, Registry } from "prom-client";
import { db } from "@/db/client";
import { countDeliveries, countOpenInvoices, countOrphanedPayments } from "@/db/queries/metrics";
import { safeEqual } from "@/lib/crypto";
import { env } from "@/lib/env";
import { networksHealth } from "@/lib/health/service";
import { metrics } from "@/lib/metrics";

/**
 * GET /api/metrics: Prometheus text, behind `Authorization: Bearer METRICS_TOKEN`. Counters are this process's; gauges come
 * from the database, so that every server tells the same of them.
 */
export async function metricsResponse(request: Request): Promise<Response> {
  const token = env().metricsToken;
  const given = /^Bearer\s+(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (!token || !given || !safeEqual(given, token)) {
    return new Response("Send the token: Authorization: Bearer METRICS_TOKEN\n", {
      status: 401,
      headers: { "www-authenticate": "Bearer" },
    });
  }
  const gauges = await gaugesOfDatabase();
  const text = await Registry.merge([metrics().registry, gauges]).metrics();
  return new Response(text, {
    headers: { "content-type": Registry.PROMETHEUS_CONTENT_TYPE, "cache-control": "no-store" },
  });
}

async function gaugesOfDatabase(): Promise<Registry> {
  const registry = new Registry();
  const gauge = <T extends string>(name: string, help: string, labelNames: T[]) =>
    new Gauge({ name: `usdt_gateway_${name}`, help, labelNames, registers: [registry] });
  const [networks, open, deliveries, orphaned] = await Promise.all([
    networksHealth(),
    countOpenInvoices(db()),
    countDeliveries(db()),
    countOrphanedPayments(db()),
  ]);
  const up = gauge("scan_healthy", "1 when scanning keeps up with the network.", ["network"]);
  const seconds = gauge("scan_lag_seconds", "Age of the newest scanned block.", ["network"]);
  const blocks = gauge("scan_lag_blocks", "Blocks between the head and the newest scanned one.", ["network"]);
  const gone = gauge("orphaned_payments", "Confirmed payments whose transfer is not on the chain.", ["network"]);
  for (const { network, status, secondsBehind, blocksBehind } of networks) {
    if (status === "off") continue;
    up.set({ network }, status === "ok" ? 1 : 0);
    if (secondsBehind !== null) seconds.set({ network }, secondsBehind);
    if (blocksBehind !== null) blocks.set({ network }, blocksBehind);
    gone.set({ network }, orphaned.get(network) ?? 0);
  }
  const invoices = gauge("open_invoices", "Pending invoices.", ["network", "mode"]);
  for (const { network, mode, count } of open) invoices.set({ network, mode }, count);
  gauge("deliveries_pending", "Webhooks that wait for an attempt.", []).set(deliveries.pending);
  gauge("deliveries_failed_last_day", "Webhooks given up in the last 24 hours.", []).set(deliveries.failedLastDay);
  return registry;
}
