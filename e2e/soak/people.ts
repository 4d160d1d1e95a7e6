/**
 * Makes merchants and registers addresses on a running gateway, as the admin command does, in one process for all of them. Reads a
 * `PeopleSpec` from its argument, prints `Person[]`. Started by gate.ts.
 */
import type { WorldNetwork } from "@/e2e/world";
import { withDatabase } from "@/scripts/with-database";

export interface PeopleSpec {
  /** For each merchant the addresses it has. */
  merchants: { network: WorldNetwork; address: string }[][];
}

export interface Person {
  merchantId: string;
  liveKey: string;
  webhookSecret: string;
  /** Ids by network and address. */
  wallets: Record<string, string>;
}

export const walletKey = (network: WorldNetwork, address: string): string => `${network} ${address}`;

async function main(spec: PeopleSpec): Promise<Person[]> {
  const { createMerchant } = await import("@/lib/merchants/service");
  const { addWallet } = await import("@/lib/wallets/service");
  const people: Person[] = [];
  for (const [i, addresses] of spec.merchants.entries()) {
    const made = await createMerchant(
      { email: `soak-${i}@example.com`, name: `Soak ${i}`, password: undefined },
      "soak",
    );
    const wallets: Record<string, string> = {};
    for (const { network, address } of addresses) {
      wallets[walletKey(network, address)] = (await addWallet(made.merchantId, { network, address }, "soak")).id;
    }
    const { merchantId, liveKey, webhookSecret } = made;
    people.push({ merchantId, liveKey, webhookSecret, wallets });
  }
  return people;
}

const [argument] = process.argv.slice(2);
if (argument && process.argv[1]?.endsWith("people.ts")) {
  process.env.LOG_LEVEL = "silent";
  const people = await withDatabase(async () => {
    const { closeDb } = await import("@/db/client");
    try {
      return await main(JSON.parse(argument) as PeopleSpec);
    } finally {
      await closeDb();
    }
  });
  console.log(JSON.stringify(people));
}
