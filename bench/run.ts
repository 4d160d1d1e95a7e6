/**
 * `npm run bench -- NAME [--option value]`: the gateway's figures, measured on the real server. Absolute times are of this machine
 * and of what else it does; ratios are measured in one run, in turns, so that noise hits both sides alike.
 */
import { parseArgs } from "node:util";
import type { Bench } from "./report";

const BENCHES: Record<string, { about: string; load: () => Promise<{ bench: Bench }> }> = {
  latency: { about: "payment → webhook, net of confirmations", load: () => import("./latency") },
  calls: { about: "RPC calls and bytes a block, by number of wallets and invoices", load: () => import("./calls") },
  memory: { about: "memory of the server and of PostgreSQL at rest", load: () => import("./memory") },
  create: { about: "invoices created a second, against bare INSERTs", load: () => import("./create") },
  catchup: { about: "blocks a second after an outage, against a bare client", load: () => import("./catchup") },
  block: { about: "what a block costs at 10³, 10⁵ and 10⁶ open invoices", load: () => import("./block") },
  crowd: { about: "transfer → webhook with 0 and with 10⁵ open invoices", load: () => import("./crowd") },
  servers: { about: "invoices created a second on one server and on two", load: () => import("./servers") },
  deliveries: {
    about: "webhooks sent a second, and whom a receiver that hangs holds up",
    load: () => import("./deliveries"),
  },
  scale: {
    about: "plans and times of every hot query at 10⁷ invoices (20 minutes, 30 GB)",
    load: () => import("./scale"),
  },
  dashboard: { about: "the dashboard's pages at 10⁶ invoices", load: () => import("./dashboard") },
  read: { about: "get and list at 10³ and 10⁶ invoices", load: () => import("./read") },
  pay: { about: "a pay page in the browser, and a thousand open ones on the server", load: () => import("./pay") },
};

function usage(): string {
  const lines = Object.entries(BENCHES).map(([name, { about }]) => `  npm run bench -- ${name.padEnd(10)}${about}`);
  return ["Benchmarks (each ends by itself, after one to five minutes if nothing else is said):", "", ...lines].join(
    "\n",
  );
}

async function main(): Promise<void> {
  const [name, ...rest] = process.argv.slice(2);
  if (!name || name.startsWith("-")) return void console.log(usage());
  const entry = BENCHES[name];
  if (!entry) throw new Error(`There is no bench ${name}.\n${usage()}`);
  const { bench } = await entry.load();
  const options = Object.fromEntries(Object.keys(bench.options).map((key) => [key, { type: "string" as const }]));
  const { values } = parseArgs({ args: rest, options });
  const numbers = Object.fromEntries(
    Object.entries(bench.options).map(([key, standard]) => {
      const value = values[key] === undefined ? standard : Number(values[key]);
      if (!Number.isInteger(value) || value < 1) throw new Error(`--${key} must be a whole number above 0`);
      return [key, value];
    }),
  );
  console.log(`${name}: ${entry.about}\n${bench.method(numbers)}\n`);
  await bench.run(numbers);
}

for (const name of ["SIGINT", "SIGTERM"] as const) {
  // The leashes of everything that was started end it, and remove its data.
  process.on(name, () => process.exit(130));
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
