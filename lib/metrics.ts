import { Counter, collectDefaultMetrics, Registry } from "prom-client";

/**
 * What this process counts. Kept on globalThis: several bundles of one process count into the same registry.
 */
type Metrics = {
  registry: Registry;
  rpcCalls: Counter<"network" | "node" | "method">;
  rpcErrors: Counter<"network" | "node" | "kind">;
  orphanedPayments: Counter<"network">;
  attempts: Counter<"outcome">;
  rateLimitFallbacks: Counter;
  payPolls: Counter;
};

const KEY = Symbol.for("usdt-gateway.metrics");
const store = globalThis as unknown as Record<symbol, Metrics | undefined>;

function create(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counter = <T extends string>(name: string, help: string, labelNames: T[]) =>
    new Counter({ name: `usdt_gateway_${name}`, help, labelNames, registers: [registry] });
  return {
    registry,
    rpcCalls: counter("rpc_calls_total", "Calls sent to nodes; each entry of a batch counts.", [
      "network",
      "node",
      "method",
    ]),
    rpcErrors: counter("rpc_errors_total", "Node failures by kind.", ["network", "node", "kind"]),
    orphanedPayments: counter(
      "orphaned_payments_total",
      "Transfers of confirmed invoices that left the chain. Anything above 0 needs a person.",
      ["network"],
    ),
    payPolls: counter("pay_polls_total", "Queries that fed the open pay pages.", []),
    attempts: counter("webhook_attempts_total", "Webhook attempts by outcome.", ["outcome"]),
    rateLimitFallbacks: counter(
      "rate_limit_fallbacks_total",
      "Requests counted by this process alone because the shared Redis was away.",
      [],
    ),
  };
}

/** The process's metrics. */
export function metrics(): Metrics {
  store[KEY] ??= create();
  return store[KEY];
}
