import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { chainIds, startAnvil } from "@/e2e/chain/anvil";
import { type Gateway, startGateway } from "@/e2e/gateway";
import { type Bench, bytes, goal, table, whole } from "./report";
import { newMerchant, request } from "./world";

const GOAL_BYTES = 300e6;

/** What the gateway needs when nothing happens. */
export const bench: Bench = {
  options: { invoices: 1000, rest: 20 },
  method: ({ invoices, rest }) =>
    `method: resident memory ${rest} s after the start and ${rest} s after ${invoices} invoices, with one network on. The server is one process\n` +
    "(RSS). PostgreSQL is several that share pages: their proportional shares (PSS) added up.",
  async run({ invoices = 1000, rest = 20 }) {
    if (process.platform !== "linux") throw new Error("This bench reads /proc: it runs on Linux only");
    const node = await startAnvil({ chainId: chainIds.ethereum });
    const gateway = await startGateway({
      env: { ETHEREUM_RPC_URLS: node.url, ETHEREUM_POLL_MS: "1000", RATE_LIMIT_MULTIPLIER: "100000" },
    });
    try {
      const rows: { when: string; server: number; postgres: number }[] = [];
      const take = async (when: string) => {
        await sleep(rest * 1000);
        rows.push({ when, server: residentOf(gateway.pid), postgres: postgresOf(gateway) });
      };
      await take("after the start");
      const merchant = await newMerchant(gateway, ["ethereum"]);
      for (let i = 0; i < invoices; i++) {
        await request(gateway, merchant.liveKey, "POST", "/invoices", { amountUsdt: `${i + 1}.00`, metadata: { i } });
      }
      await take(`after ${whole(invoices)} invoices`);
      table(
        ["at rest", "server", "PostgreSQL"],
        rows.map(({ when, server, postgres }) => [when, bytes(server), bytes(postgres)]),
      );
      goal(
        "server ≤ 300 MB at rest",
        rows.every(({ server }) => server <= GOAL_BYTES),
      );
    } finally {
      await gateway.stop();
      await node.stop();
    }
  },
};

const kilobytes = (text: string, field: string): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0) * 1024;

function residentOf(pid: number): number {
  return kilobytes(readFileSync(`/proc/${pid}/status`, "utf8"), "VmRSS");
}

function postgresOf(gateway: Gateway): number {
  const root = gateway.postgresPid;
  if (root === null) return 0;
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.reduce((sum, pid) => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      const ours = Number(pid) === root || new RegExp(`^PPid:\\s+${root}$`, "m").test(status);
      return ours ? sum + kilobytes(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"), "Pss") : sum;
    } catch {
      // It ended in the meantime.
      return sum;
    }
  }, 0);
}
