/**
 * `npm run soak -- --payments N --seed S`: N random payments on three networks while everything around the gateway fails, then its
 * books are compared with the chains. Exit 1 where anything was lost, doubled or wrong; the seed replays the schedule.
 */
import { appendFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { runSoak } from "./soak";

const SHOWN = 50;

async function main(): Promise<number> {
  const text = { type: "string" as const };
  const { values } = parseArgs({ options: { payments: text, seed: text, log: text } });
  const payments = Number(values.payments ?? 1_000);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9));
  if (!Number.isInteger(payments) || payments < 1) throw new Error("--payments must be a whole number above 0");
  if (!Number.isInteger(seed) || seed < 0) throw new Error("--seed must be a whole number");
  const onLine = (line: string) => {
    if (values.log) appendFileSync(values.log, `${line}\n`);
  };
  const { findings, summary } = await runSoak({ payments, seed, say: (line) => console.log(line), onLine });
  for (const { kind, subject, expected, found, why } of findings.slice(0, SHOWN)) {
    console.log(
      `\n${kind.toUpperCase()} ${subject}\n  expected  ${expected}\n  found     ${found}\n  because   ${why}`,
    );
  }
  if (findings.length > SHOWN) console.log(`\n… and ${findings.length - SHOWN} more`);
  console.log(`\n${summary.join("\n")}`);
  if (findings.length > 0) console.log(`\nFAILED. Replay: npm run soak -- --payments ${payments} --seed ${seed}`);
  return findings.length > 0 ? 1 : 0;
}

for (const name of ["SIGINT", "SIGTERM"] as const) {
  // The leashes of everything that was started end it, and remove its data.
  process.on(name, () => {
    console.error(`ended by ${name}`);
    process.exit(130);
  });
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.stack : error);
    process.exit(2);
  },
);
