import { count, type Finding, type Tally } from "./books";
import type { SoakChain } from "./chain";
import type { Gate } from "./gate";
import type { NodeTroubles } from "./node-faults";
import { NETWORKS, type Plan } from "./plan";
import type { Receivers } from "./receivers";

/** What a soak did and found. */
export interface SoakFacts {
  plan: Plan;
  tally: Tally;
  findings: readonly Finding[];
  chains: readonly SoakChain["counts"][];
  /** The kind of every invoice that is paid by the rule. */
  payable: readonly string[];
  gate: Gate["counts"];
  receivers: Receivers["counts"];
  troubles: Pick<NodeTroubles, "set" | "struck">;
  reorgs: number;
  errorLines: number;
  seconds: number;
}

/** The last lines of a soak's output. */
export function summarize(facts: SoakFacts): string[] {
  const { plan, tally, gate, seconds } = facts;
  const sum = (field: keyof SoakChain["counts"]) => facts.chains.reduce((total, counts) => total + counts[field], 0);
  return [
    `soak: ${plan.payments} payments, seed ${plan.seed}, schedule ${plan.hash}`,
    `payments    ${list(count(plan.attempts, (attempt) => attempt.kind))}`,
    `paid by §4  ${list(count(facts.payable, (kind) => kind))}`,
    `chains      ${sum("blocks")} blocks, ${sum("transactions")} transactions, ${sum("transfers")} transfers on ${NETWORKS.join(", ")}`,
    `kills       server (kill -9) ${gate.killedServer} · database ${gate.killedDatabase} · requests repeated ${gate.repeated}`,
    `reorgs      ${facts.reorgs}: transactions kept ${sum("kept")}, moved ${sum("moved")}, dropped ${sum("dropped")}, sent anew ${sum("sentAgain")}`,
    `node faults ${list(facts.troubles.set)}`,
    `  requests struck: ${list(facts.troubles.struck)}`,
    `receivers   ${list(facts.receivers)} · retries made due by the driver ${gate.moved}`,
    `invoices    ${list(tally.statuses)}`,
    `transfers   ${list(tally.transfers)}`,
    `events      ${list(tally.events)} · webhooks received ${tally.webhooks}`,
    `noted       expired before the payment came to light: ${list(tally.expiredFirst)}; paid by a later one of several that fit: ${list(tally.paidByLater)}; error lines in the server's log: ${facts.errorLines}`,
    `time        ${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`,
    findingsLine(facts.findings),
  ];
}

/** `lost 0, double 0, wrong 0` */
export function findingsLine(findings: readonly Finding[]): string {
  const counts = count(findings, (finding) => finding.kind);
  return `lost ${counts.lost ?? 0}, double ${counts.double ?? 0}, wrong ${counts.wrong ?? 0}`;
}

const list = (counts: object): string =>
  Object.entries(counts)
    .filter(([, n]) => n > 0)
    .map(([name, n]) => `${name} ${n}`)
    .join(" · ") || "none";
