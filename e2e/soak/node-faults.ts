import type { FaultProxy } from "@/e2e/chain/fault-proxy";
import type { ActiveFault, Fault } from "@/e2e/chain/faults";
import type { WorldNetwork } from "@/e2e/world";
import type { Dice } from "./dice";

/**
 * What goes wrong between the gateway and its nodes. The fault model: of the two URLs of a network at least one tells the truth
 * in the end. A URL that hides logs without a word (`silent`) is the first one, and while it does the second works; everything
 * else strikes either of them, or both.
 */

export const FAULTS = {
  lag: 10,
  unsynchronised: 5,
  emptyLogs: 8,
  truncatedLogs: 8,
  droppedLog: 5,
  wrongBlockHash: 3,
  tooManyRequests: 8,
  forbidden: 1,
  unavailable: 4,
  reset: 8,
  slow: 5,
  hang: 1,
  cutBody: 4,
  badJson: 4,
  nullResult: 4,
  rpcError: 4,
  rangeLimit: 5,
};
export type FaultName = keyof typeof FAULTS;

const SILENT: ReadonlySet<FaultName> = new Set(["emptyLogs", "truncatedLogs", "droppedLog"]);

/** A fault of one URL, in force from the beginning of step `from` to the beginning of step `until`. */
export interface NodeFault {
  name: FaultName;
  network: WorldNetwork;
  url: "first" | "second";
  from: number;
  until: number;
  /** What it does varies by this. */
  size: number;
}

/** Draws the faults of all networks. */
export function planNodeFaults(steps: number, dice: Dice): NodeFault[] {
  const faults: NodeFault[] = [];
  for (const network of ["tron", "ethereum", "bsc"] as const) {
    const quiet: { from: number; until: number }[] = [];
    for (let step = 1; step < steps; step += dice.whole(1, 4)) {
      const name = dice.weighted(FAULTS);
      const until = step + dice.whole(1, 4);
      const fault = { name, network, from: step, until, size: dice.whole(1, 8) };
      if (SILENT.has(name)) quiet.push({ from: step, until });
      faults.push({ ...fault, url: SILENT.has(name) || dice.chance(0.65) ? "first" : "second" });
    }
    // While the first URL hides logs, the second is left alone.
    const overlaps = (fault: NodeFault) =>
      quiet.some((silent) => fault.from < silent.until && silent.from < fault.until);
    for (const fault of faults) if (fault.network === network && overlaps(fault)) fault.url = "first";
  }
  return faults;
}

/** What the proxy is told. */
export function proxyFault({ name, size }: NodeFault): Fault {
  switch (name) {
    case "lag":
      return { kind: "lag", blocks: size };
    case "unsynchronised":
      return { kind: "lag", blocks: size, methods: ["eth_getLogs"] };
    case "emptyLogs":
      return { kind: "emptyLogs" };
    case "truncatedLogs":
      return { kind: "truncateLogs", keep: size - 1 };
    case "droppedLog":
      return { kind: "dropLog", index: size % 2 === 0 ? 0 : -1 };
    case "wrongBlockHash":
      return { kind: "wrongBlockHash" };
    case "tooManyRequests":
      return { kind: "http", status: 429, retryAfter: 1, probability: size / 8 };
    case "forbidden":
      return { kind: "http", status: 403, retryAfter: 2, times: 1 };
    case "unavailable":
      return { kind: "http", status: size % 2 === 0 ? 503 : 502, probability: size / 8 };
    case "reset":
      return { kind: "reset", probability: size / 8 };
    case "slow":
      return { kind: "delay", ms: size * 100 };
    case "hang":
      return { kind: "hang", times: 1 };
    case "cutBody":
      return { kind: "cutBody", probability: size / 8 };
    case "badJson":
      return { kind: "badJson", probability: size / 8 };
    case "nullResult":
      return { kind: "nullResult", probability: size / 16 };
    case "rpcError":
      return { kind: "rpcError", code: -32000, message: "header not found", probability: size / 8 };
    case "rangeLimit":
      return { kind: "rangeLimit", blocks: size };
  }
}

/** Sets and ends the faults of a schedule. */
export class NodeTroubles {
  /** By name: how many were set, and how many requests they struck. */
  readonly set: Record<string, number> = {};
  readonly struck: Record<string, number> = {};
  private readonly active = new Map<NodeFault, ActiveFault>();

  constructor(
    private readonly planned: readonly NodeFault[],
    private readonly proxyOf: (fault: NodeFault) => FaultProxy,
  ) {}

  /** How many are in force. */
  get size(): number {
    return this.active.size;
  }

  /** Ends those whose time is over, then sets those that begin now. */
  change(step: number): void {
    for (const [fault, active] of this.active) {
      if (fault.until > step) continue;
      this.struck[fault.name] = (this.struck[fault.name] ?? 0) + active.strikes;
      active.clear();
      this.active.delete(fault);
    }
    for (const fault of this.planned) {
      if (fault.from !== step) continue;
      this.active.set(fault, this.proxyOf(fault).setFault(proxyFault(fault)));
      this.set[fault.name] = (this.set[fault.name] ?? 0) + 1;
    }
  }
}
