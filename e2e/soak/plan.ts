import { createHash } from "node:crypto";
import type { WorldNetwork } from "@/e2e/world";
import { type Dice, diceFor } from "./dice";
import { type NodeFault, planNodeFaults } from "./node-faults";

/**
 * The schedule of a soak: a pure function of the number of payments and the seed. Everything in it is counted in steps of the
 * driver, nothing in seconds.
 */

export const NETWORKS = ["tron", "ethereum", "bsc"] as const satisfies readonly WorldNetwork[];

/** What an attempt to pay is about, and how often it is drawn. */
const KINDS = {
  exact: 32,
  lastMoment: 4,
  duplicate: 6,
  severalInOne: 6,
  sharedAddress: 4,
  early: 3,
  underpaid: 6,
  overpaid: 6,
  late: 6,
  unpaid: 4,
  nobody: 4,
  failed: 6,
  lookAlike: 5,
  cancelled: 4,
  paidThenCancelled: 4,
};
export type Kind = keyof typeof KINDS;

/** How a transfer is made. All but `exact` and `other` must not pay the invoice they are aimed at. */
export type Form =
  | "exact"
  /** An amount that nobody asked for. */
  | "other"
  | "dustLess"
  | "half"
  | "dustMore"
  | "more"
  | "revert"
  | "outOfGas"
  | "inside"
  | "outOfTime"
  | "fourTopics"
  | "longData"
  | "noData"
  | "shortData"
  | "twoTopics"
  | "approval"
  | "fakeToken"
  | "zero";

export type ReceiverKind = "fast" | "slow" | "failing" | "hanging";

export interface PlannedTransfer {
  step: number;
  form: Form;
}

export interface Attempt {
  id: number;
  kind: Kind;
  network: WorldNetwork;
  /** Index among the network's addresses; the last one belongs to the first two merchants. */
  address: number;
  /** As it is asked for; where it is taken the gateway gives a higher one. */
  amountUsdt: string;
  receiver: ReceiverKind;
  /** Null: nobody's payment. */
  createStep: number | null;
  cancelStep: number | null;
  /** Its window is cut to a few seconds after it was created. */
  short: boolean;
  /** Attempts of one group are paid by one transaction. */
  group: number | null;
  transfers: PlannedTransfer[];
}

/** A reorg at the beginning of a step. */
export interface PlannedReorg {
  step: number;
  network: WorldNetwork;
  depth: number;
}

/** What is killed during a step. */
export interface PlannedKill {
  step: number;
  what: "server" | "database" | "both";
  signal: "SIGKILL" | "SIGQUIT" | "SIGINT";
  /** Steps during which the server stays away. */
  downFor: number;
  /** Milliseconds after the step's work began. */
  afterMs: number;
  /** Whether the driver ends what the dead server had leased, which would keep the next one from scanning for 10 s. */
  endLeases: boolean;
}

export interface Plan {
  seed: number;
  payments: number;
  steps: number;
  merchants: number;
  /** Addresses a network. */
  addresses: number;
  attempts: Attempt[];
  reorgs: PlannedReorg[];
  kills: PlannedKill[];
  nodeFaults: NodeFault[];
  /** Blocks mined in a step after the one with the payments, by network. */
  emptyBlocks: Record<WorldNetwork, number[]>;
  /** Short hash of all of this: equal hashes are equal schedules. */
  hash: string;
}

/** Makes the schedule. */
export function makePlan(payments: number, seed: number): Plan {
  const perStep = payments <= 200 ? 4 : payments <= 2_000 ? 20 : 50;
  const payingSteps = Math.max(24, Math.ceil(payments / perStep));
  const steps = payingSteps + 10;
  const merchants = payments <= 200 ? 3 : 8;
  const addresses = merchants * (payments <= 200 ? 1 : 3) + 1;
  const kills = planKills(payingSteps, diceFor(seed, "kills"));
  const attempts = planAttempts(payments, payingSteps, addresses, diceFor(seed, "attempts"));
  for (const attempt of attempts) keepOutOf(kills, attempt);
  payTogether(attempts);
  const emptyBlocks = Object.fromEntries(
    NETWORKS.map((network) => {
      const dice = diceFor(seed, "blocks", network);
      return [network, Array.from({ length: steps }, () => dice.whole(0, 2))];
    }),
  ) as Record<WorldNetwork, number[]>;
  const plan = {
    ...{ seed, payments, steps, merchants, addresses, attempts, kills, emptyBlocks },
    reorgs: planReorgs(payingSteps, diceFor(seed, "reorgs")),
    nodeFaults: planNodeFaults(payingSteps, diceFor(seed, "node faults")),
  };
  return { ...plan, hash: createHash("sha256").update(JSON.stringify(plan)).digest("hex").slice(0, 12) };
}

function planAttempts(payments: number, payingSteps: number, addresses: number, dice: Dice): Attempt[] {
  const names = Object.keys(KINDS) as Kind[];
  const forced = payments >= names.length * 2 ? names : [];
  const drawn = Array.from({ length: payments - forced.length }, () => dice.weighted(KINDS));
  const kinds = dice.shuffled([...forced, ...drawn]);
  const attempts: Attempt[] = [];
  let group: { id: number; left: number; like: Attempt } | null = null;
  for (const [id, kind] of kinds.entries()) {
    const attempt = planAttempt(id, kind, Math.floor((id * payingSteps) / payments), addresses, dice);
    if (kind === "severalInOne") {
      if (!group || group.left === 0) group = { id, left: dice.whole(1, 3), like: attempt };
      else {
        const { network, createStep, transfers } = group.like;
        // Whoever joins later than the group was to be paid starts another one.
        if ((attempt.createStep ?? 0) < (transfers[0]?.step ?? 0)) {
          Object.assign(attempt, { network, transfers: structuredClone(transfers) });
          attempt.createStep = Math.max(createStep ?? 0, attempt.createStep ?? 0);
          group.left--;
        } else group = { id, left: dice.whole(1, 3), like: attempt };
      }
      attempt.group = group.id;
    }
    attempts.push(attempt);
  }
  return attempts;
}

const ROUND_AMOUNTS = ["5", "9.99", "10", "25", "49.9000", "50", "99.99", "100", "150", "1234.5678"];

function planAttempt(id: number, kind: Kind, step: number, addresses: number, dice: Dice): Attempt {
  const pay = (form: Form, after = dice.whole(1, 4)): PlannedTransfer => ({ step: step + after, form });
  const attempt: Attempt = {
    ...{ id, kind, network: dice.pick(NETWORKS), address: dice.whole(0, addresses - 2) },
    amountUsdt: dice.pick(ROUND_AMOUNTS),
    receiver: dice.weighted({ fast: 80, slow: 10, failing: 8, hanging: 2 }),
    ...{ createStep: step, cancelStep: null, short: false, group: null, transfers: [] },
  };
  // An amount that only this attempt has, so that nothing is added to it.
  const own = `${2_000 + id}.${String(dice.whole(0, 9999)).padStart(4, "0")}`;
  switch (kind) {
    case "exact":
    case "severalInOne":
      attempt.transfers = [pay("exact")];
      break;
    case "lastMoment":
      Object.assign(attempt, { short: true, transfers: [pay("exact", dice.whole(1, 3))] });
      break;
    case "duplicate": {
      const first = pay("exact");
      const again = { step: first.step + dice.whole(0, 3), form: "exact" as const };
      attempt.transfers = [first, again];
      break;
    }
    case "sharedAddress":
      Object.assign(attempt, { address: addresses - 1, amountUsdt: own, transfers: [pay("exact")] });
      break;
    case "early":
      Object.assign(attempt, {
        amountUsdt: own,
        transfers: [{ step: Math.max(0, step - dice.whole(0, 1)), form: "exact" }],
      });
      break;
    case "underpaid":
      attempt.transfers = [pay(dice.pick(["dustLess", "half"]))];
      attempt.short = dice.chance(0.3);
      break;
    case "overpaid":
      attempt.transfers = [pay(dice.pick(["dustMore", "more"]))];
      attempt.short = dice.chance(0.3);
      break;
    case "late":
      Object.assign(attempt, { short: true, transfers: [pay("exact", dice.whole(3, 6))] });
      break;
    case "unpaid":
      attempt.short = dice.chance(0.7);
      break;
    case "nobody":
      attempt.createStep = null;
      attempt.amountUsdt = own;
      attempt.transfers = [pay("other", 0)];
      break;
    case "failed":
      attempt.transfers = [
        pay(
          dice.pick(["revert", "outOfGas", "inside", ...(attempt.network === "tron" ? (["outOfTime"] as const) : [])]),
        ),
      ];
      break;
    case "lookAlike":
      attempt.transfers = [
        pay(dice.pick(["fourTopics", "longData", "noData", "shortData", "twoTopics", "approval", "fakeToken", "zero"])),
      ];
      break;
    case "cancelled": {
      attempt.cancelStep = step + dice.whole(1, 2);
      attempt.transfers = [{ step: attempt.cancelStep + dice.whole(0, 3), form: "exact" }];
      break;
    }
    case "paidThenCancelled": {
      const paid = pay("exact", 1);
      Object.assign(attempt, { transfers: [paid], cancelStep: paid.step + dice.whole(0, 2) });
    }
  }
  return attempt;
}

/**
 * Nothing is asked of a server that is away: what would be created then is created when it is back. Payments go on, to invoices
 * that were made before.
 */
function keepOutOf(kills: PlannedKill[], attempt: Attempt): void {
  for (const { step, downFor } of kills) {
    const back = step + downFor;
    if (attempt.createStep !== null && attempt.createStep >= step && attempt.createStep <= back && downFor > 0) {
      attempt.createStep = back;
      if (attempt.kind !== "early") {
        for (const transfer of attempt.transfers) transfer.step = Math.max(transfer.step, back + 1);
      }
    }
    if (attempt.cancelStep !== null && attempt.cancelStep >= step && attempt.cancelStep < back)
      attempt.cancelStep = back;
    if (attempt.cancelStep !== null && attempt.createStep !== null && attempt.cancelStep <= attempt.createStep) {
      attempt.cancelStep = attempt.createStep + 1;
    }
    if (attempt.kind === "cancelled") {
      for (const transfer of attempt.transfers) transfer.step = Math.max(transfer.step, attempt.cancelStep ?? 0);
    }
  }
}

/** One transaction pays a group, when the last of its invoices is there. */
function payTogether(attempts: Attempt[]): void {
  const last = new Map<number, number>();
  const stepsOf = ({ transfers }: Attempt) => transfers.map((transfer) => transfer.step);
  for (const attempt of attempts) {
    if (attempt.group !== null) last.set(attempt.group, Math.max(last.get(attempt.group) ?? 0, ...stepsOf(attempt)));
  }
  for (const { group, transfers } of attempts) {
    if (group !== null) for (const transfer of transfers) transfer.step = last.get(group) ?? transfer.step;
  }
}

function planKills(payingSteps: number, dice: Dice): PlannedKill[] {
  const count = Math.min(24, Math.max(2, Math.round(payingSteps / 12)));
  const room = payingSteps / count;
  return Array.from({ length: count }, (_, i) => {
    const step = Math.floor(i * room) + dice.whole(1, Math.max(1, Math.floor(room) - 4));
    const what = i === 0 ? "server" : i === 1 ? "database" : dice.weighted({ server: 5, database: 4, both: 1 });
    const signal = what === "server" ? "SIGKILL" : dice.weighted({ SIGKILL: 3, SIGQUIT: 1, SIGINT: 1 });
    const downFor = what === "database" ? 0 : dice.whole(0, 3);
    return { step, what, signal, downFor, afterMs: dice.whole(0, 250), endLeases: i % 2 === 0 };
  });
}

function planReorgs(payingSteps: number, dice: Dice): PlannedReorg[] {
  return NETWORKS.flatMap((network) => {
    const sure = dice.whole(4, payingSteps);
    return Array.from({ length: payingSteps + 6 }, (_, step) => step)
      .filter((step) => step > 2 && (dice.chance(0.1) || step === sure))
      .map((step) => ({ step, network, depth: dice.chance(0.7) ? dice.whole(1, 3) : dice.whole(4, 9) }));
  });
}
