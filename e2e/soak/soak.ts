import { setTimeout as sleep } from "node:timers/promises";
import { evmAddress, tronAddress } from "@/e2e/chain/tron-address";
import type { WorldNetwork } from "@/e2e/world";
import { compare, compareApi, type Finding, type Tally, type Truth } from "./books";
import { type Aim, randomAddress, SoakChain } from "./chain";
import { diceFor } from "./dice";
import { type CreatedInvoice, Gate } from "./gate";
import { NodeTroubles } from "./node-faults";
import { baseUnits, ChainReader, judge, type TrueInvoice } from "./oracle";
import { type Person, walletKey } from "./people";
import { type Attempt, type Form, makePlan, NETWORKS, type Plan, type PlannedTransfer } from "./plan";
import { Receivers } from "./receivers";
import { findingsLine, summarize } from "./summary";

const STEP_MS = 400;
const CREATES_AT_ONCE = 16;
/** Longer than everything that the gateway may wait for: a URL's rest of a minute, leases, time-outs. */
const SETTLE_MS = 300_000;

export interface SoakOptions {
  payments: number;
  seed: number;
  say: (line: string) => void;
  /** Every line the server prints. */
  onLine?: (line: string) => void;
  signal?: AbortSignal;
}

export interface SoakResult {
  plan: Plan;
  findings: Finding[];
  tally: Tally;
  /** Lines for people. */
  summary: string[];
}

interface Made extends CreatedInvoice {
  person: Person;
  /** What the API said to its cancellation; null before. */
  cancelled: boolean | null;
  endsMs: number | null;
}

/** Runs a whole soak, as `npm run soak` does. What it started is ended, however it ends. */
export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  const soak = new Soak(options);
  try {
    return await soak.run();
  } finally {
    await soak.stop();
  }
}

class Soak {
  private readonly plan: Plan;
  private readonly begun = performance.now();
  private readonly chains = new Map<WorldNetwork, SoakChain>();
  private readonly addresses = new Map<WorldNetwork, `0x${string}`[]>();
  private gate!: Gate;
  private receivers!: Receivers;
  private people: Person[] = [];
  /** Invoices of an attempt: one, or two at a shared address. */
  private readonly made = new Map<number, Made[]>();
  private due: { attempt: Attempt; transfer: PlannedTransfer }[] = [];
  private readonly outstanding = new Set<Promise<void>>();
  private readonly troubles: NodeTroubles;
  private reorgs = 0;
  private downUntil = -1;
  private errorLines = 0;
  private lastSaid = 0;

  constructor(private readonly options: SoakOptions) {
    this.plan = makePlan(options.payments, options.seed);
    this.troubles = new NodeTroubles(this.plan.nodeFaults, ({ network, url }) => {
      const chain = this.chains.get(network);
      if (!chain) throw new Error(`no chain of ${network}`);
      return chain[url];
    });
  }

  async run(): Promise<SoakResult> {
    const { plan } = this;
    this.say(`${plan.payments} payments, seed ${plan.seed}: ${plan.steps} steps, schedule ${plan.hash}`);
    await this.start();
    for (let step = 0; step < plan.steps || this.due.length > 0; step++) {
      if (step > plan.steps + 100) throw new Error(`payments that never could be made: ${JSON.stringify(this.due[0])}`);
      await this.step(step);
    }
    this.say("the faults are over; settling");
    return await this.settle();
  }

  async stop(): Promise<void> {
    await this.gate?.stop();
    await this.receivers?.stop();
    await Promise.all([...this.chains.values()].map((chain) => chain.stop()));
  }

  private async start(): Promise<void> {
    const { seed, merchants, addresses } = this.plan;
    this.receivers = await Receivers.start(seed);
    for (const network of NETWORKS) {
      this.chains.set(network, await SoakChain.start(network, seed));
      const dice = diceFor(seed, "addresses", network);
      this.addresses.set(
        network,
        Array.from({ length: addresses }, () => randomAddress(dice)),
      );
    }
    const nodes = [...this.chains.values()].flatMap(({ network, first, second }) => [
      [`${network.toUpperCase()}_RPC_URLS`, `${first.url},${second.url}`],
      [`${network.toUpperCase()}_POLL_MS`, "200"],
    ]);
    const env = { ...Object.fromEntries(nodes), WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8", RATE_LIMIT_MULTIPLIER: "100000" };
    this.gate = await Gate.start(env, (line) => this.onLine(line), this.options.signal);
    const owned = (merchant: number) =>
      NETWORKS.flatMap((network) =>
        (this.addresses.get(network) ?? [])
          .filter((_, i) => (i === addresses - 1 ? merchant < 2 : i % merchants === merchant))
          .map((address) => ({ network, address: network === "tron" ? tronAddress(address, true) : address })),
      );
    this.people = await this.gate.people({ merchants: Array.from({ length: merchants }, (_, i) => owned(i)) });
    await this.until(async () => {
      const rows = await this.gate.sql(
        (sql) => sql`select 1 from network_cursors where mode = 'live' and scanned_number > 0`,
      );
      return rows.length === NETWORKS.length;
    }, "every network is scanned");
    for (const chain of this.chains.values()) for (let i = 0; i < 12; i++) await chain.mine();
    for (const attempt of this.plan.attempts) {
      for (const transfer of attempt.transfers) this.due.push({ attempt, transfer });
    }
    this.say(`started: ${merchants} merchants, ${addresses} addresses a network`);
  }

  private async step(step: number): Promise<void> {
    this.options.signal?.throwIfAborted();
    const begun = performance.now();
    const { plan } = this;
    this.troubles.change(step);
    const jobs: Promise<unknown>[] = [];
    for (const kill of plan.kills) {
      if (kill.step === step) {
        this.downUntil = step + kill.downFor;
        const killed = sleep(kill.afterMs).then(() => this.gate.kill(kill));
        jobs.push(kill.downFor === 0 && kill.what !== "database" ? killed.then(() => this.gate.restart(kill)) : killed);
      } else if (kill.step + kill.downFor === step && kill.what !== "database") jobs.push(this.gate.restart(kill));
    }
    this.create(plan.attempts.filter((attempt) => attempt.createStep === step));
    for (const attempt of plan.attempts) if (attempt.cancelStep === step) this.cancel(attempt);
    await Promise.all([...jobs, ...[...this.chains.values()].map((chain) => this.mine(chain, step))]);
    // While the server stays away its callers wait, and payments go on.
    if (this.downUntil <= step) {
      while (this.outstanding.size > 0) await Promise.all(this.outstanding);
      if (step % 5 === 0) await this.gate.hurryDeliveries();
    }
    await this.progress(step);
    await sleep(Math.max(0, STEP_MS - (performance.now() - begun)));
  }

  private create(attempts: readonly Attempt[]): void {
    const queue = [...attempts];
    const worker = async () => {
      for (let attempt = queue.shift(); attempt; attempt = queue.shift()) await this.createFor(attempt);
    };
    const workers = Array.from({ length: Math.min(CREATES_AT_ONCE, queue.length) }, worker);
    this.track(Promise.all(workers).then(() => this.cutWindows(attempts)));
  }

  private async createFor(attempt: Attempt): Promise<void> {
    const { addresses, merchants, seed } = this.plan;
    const shared = attempt.address === addresses - 1;
    const address = this.addressOf(attempt);
    const owners = shared ? this.people.slice(0, 2) : [this.people[attempt.address % merchants]];
    const written = attempt.network === "tron" ? tronAddress(address, true) : address;
    const made: Made[] = [];
    for (const [i, person] of owners.entries()) {
      if (!person) throw new Error("no merchant");
      const invoice = await this.gate.create(person.liveKey, {
        reference: `S${seed}-${attempt.id}${i === 0 ? "" : "-twin"}`,
        amountUsdt: attempt.amountUsdt,
        walletId: person.wallets[walletKey(attempt.network, written)],
        callbackUrl: this.receivers.url(attempt.receiver),
        expirySeconds: 7200,
        metadata: { attempt: attempt.id, kind: attempt.kind },
      });
      made.push({ ...invoice, person, cancelled: null, endsMs: null });
    }
    this.made.set(attempt.id, made);
  }

  private async cutWindows(attempts: readonly Attempt[]): Promise<void> {
    for (const [seconds, chosen] of [
      [3, attempts.filter((attempt) => attempt.short && attempt.kind === "lastMoment")],
      [1, attempts.filter((attempt) => attempt.short && attempt.kind !== "lastMoment")],
    ] as const) {
      const made = chosen.flatMap((attempt) => this.made.get(attempt.id) ?? []);
      const ends = await this.gate.cutWindows(
        made.map(({ id }) => id),
        seconds,
      );
      for (const invoice of made) invoice.endsMs = ends.get(invoice.id) ?? null;
    }
  }

  private cancel(attempt: Attempt): void {
    this.track(
      (async () => {
        for (const invoice of this.made.get(attempt.id) ?? []) {
          invoice.cancelled = await this.gate.cancel(invoice.person.liveKey, invoice.id);
        }
      })(),
    );
  }

  private track(work: Promise<unknown>): void {
    const tracked: Promise<void> = work.then(() => void this.outstanding.delete(tracked));
    // Whoever waits for all of them hears of the failure.
    tracked.catch(() => {});
    this.outstanding.add(tracked);
  }

  private async mine(chain: SoakChain, step: number): Promise<void> {
    const { network } = chain;
    for (const reorg of this.plan.reorgs) {
      if (reorg.step !== step || reorg.network !== network) continue;
      this.reorgs++;
      await chain.reorg(reorg.depth, diceFor(this.plan.seed, "reorg", network, step));
    }
    const mine = this.due.filter(({ attempt, transfer }) => attempt.network === network && transfer.step <= step);
    const ready = mine.filter((entry) => this.isReady(entry));
    const groups = new Map<string, Aim[]>();
    for (const [i, entry] of ready.entries()) {
      const group = entry.attempt.group === null ? `alone ${i}` : `group ${entry.attempt.group}`;
      groups.set(group, [...(groups.get(group) ?? []), this.aim(entry.attempt, entry.transfer.form, chain)]);
    }
    const paid = new Set(ready);
    this.due = this.due.filter((entry) => !paid.has(entry));
    await chain.mine([...groups.values()]);
    for (let i = 0; i < (this.plan.emptyBlocks[network][step] ?? 1); i++) await chain.mine();
  }

  /** A payment waits for its invoice, and a late one for the end of its time. */
  private isReady({ attempt }: { attempt: Attempt }): boolean {
    if (attempt.kind === "early" || attempt.createStep === null) return true;
    const [invoice] = this.made.get(attempt.id) ?? [];
    if (!invoice) return false;
    if (attempt.kind === "cancelled" && invoice.cancelled === null) return false;
    return attempt.kind !== "late" || (invoice.endsMs !== null && Date.now() > invoice.endsMs + 1_200);
  }

  private aim(attempt: Attempt, form: Form, chain: SoakChain): Aim {
    const { decimals } = chain.anvil;
    const [invoice] = this.made.get(attempt.id) ?? [];
    const exact = baseUnits(invoice?.amountUsdtExact ?? attempt.amountUsdt, decimals);
    const values: Partial<Record<Form, bigint>> = {
      dustLess: exact - 1n,
      half: exact / 2n,
      dustMore: exact + 1n,
      more: exact + 7n * 10n ** BigInt(decimals),
    };
    // Nobody's payments go to a merchant or to a stranger.
    const dice = diceFor(this.plan.seed, "stranger", attempt.id);
    const to = attempt.kind === "nobody" && dice.chance(0.5) ? randomAddress(dice) : this.addressOf(attempt);
    return { to, value: values[form] ?? exact, form, why: `${attempt.kind} ${invoice?.reference ?? attempt.id}` };
  }

  private addressOf({ network, address }: Attempt): `0x${string}` {
    const found = this.addresses.get(network)?.[address];
    if (!found) throw new Error(`no address ${address} on ${network}`);
    return found;
  }

  private async settle(): Promise<SoakResult> {
    this.troubles.change(Number.MAX_SAFE_INTEGER);
    await this.receivers.mend();
    const readers = new Map([...this.chains].map(([network, chain]) => [network, new ChainReader(chain)]));
    let mining = true;
    const mine = async () => {
      for (; mining; await sleep(200)) for (const chain of this.chains.values()) await chain.mine();
    };
    const miner = mine();
    const look = async () => {
      await this.gate.hurryDeliveries();
      const truth = await this.truth(readers);
      return { truth, tally: await compare(this.gate, truth.truth, this.receivers.all()) };
    };
    try {
      let seen = await look();
      for (const deadline = Date.now() + SETTLE_MS; seen.tally.findings.length > 0 && Date.now() < deadline; ) {
        this.say(`settling: ${findingsLine(seen.tally.findings)} still open`);
        await sleep(3_000);
        seen = await look();
      }
      // Once more after a while, on chains that stand still and are read to their heads: what happens twice may happen late.
      await sleep(3_000);
      mining = false;
      await miner;
      await this.until(() => this.isReadToTheHead(), "every network is read to its head");
      await sleep(2_000);
      seen = await look();
      const { truth, ambiguous } = seen.truth;
      const findings: Finding[] = [...seen.tally.findings, ...(await compareApi(this.gate, truth))];
      for (const found of ambiguous) {
        findings.push({ kind: "wrong", subject: "amounts", expected: "one invoice an amount", found, why: "" });
      }
      for (const found of this.gate.surprises) {
        findings.push({ kind: "wrong", subject: "API", expected: "an answer of the contract", found, why: "" });
      }
      const { plan, gate, receivers, troubles, reorgs, errorLines } = this;
      const counts = { gate: gate.counts, receivers: receivers.counts, troubles, reorgs, errorLines };
      const seconds = (performance.now() - this.begun) / 1000;
      const chains = [...this.chains.values()].map((chain) => chain.counts);
      const paid = (attempt: Attempt) =>
        (this.made.get(attempt.id) ?? []).filter(({ id }) => truth.expected.get(id)?.status === "confirmed").length;
      const payable = plan.attempts.flatMap((attempt) => Array<string>(paid(attempt)).fill(attempt.kind));
      const facts = { plan, tally: seen.tally, findings, chains, payable, ...counts, seconds };
      return { plan, findings, tally: seen.tally, summary: summarize(facts) };
    } finally {
      mining = false;
      await miner;
    }
  }

  private async isReadToTheHead(): Promise<boolean> {
    const rows = await this.gate.sql(
      (sql) => sql<{ network: WorldNetwork; n: number }[]>`
        select network, scanned_number::int as n from network_cursors where mode = 'live'`,
    );
    const scanned = new Map(rows.map(({ network, n }) => [network, n]));
    const heads = await Promise.all(
      [...this.chains].map(async ([network, { anvil }]) => (await anvil.head()).number === scanned.get(network)),
    );
    return heads.every(Boolean);
  }

  private async truth(readers: ReadonlyMap<WorldNetwork, ChainReader>): Promise<{ truth: Truth; ambiguous: string[] }> {
    const rows = await this.gate.sql(
      (sql) => sql<{ id: string; created: number; expires: number }[]>`
        select id, (extract(epoch from created_at) * 1000)::float8 as created,
          (extract(epoch from expires_at) * 1000)::float8 as expires from invoices`,
    );
    const windows = new Map(rows.map((row) => [row.id, row]));
    const invoices: TrueInvoice[] = [];
    for (const attempt of this.plan.attempts) {
      const chain = this.chains.get(attempt.network);
      for (const made of this.made.get(attempt.id) ?? []) {
        const window = windows.get(made.id);
        invoices.push({
          ...{ id: made.id, reference: made.reference, merchantId: made.person.merchantId, network: attempt.network },
          to: `0x${evmAddress(made.payoutAddress)}`.toLowerCase(),
          value: baseUnits(made.amountUsdtExact, chain?.anvil.decimals ?? 6),
          createdMs: window?.created ?? 0,
          // As the API, or the query that cut it, told.
          expiresMs: made.endsMs ?? window?.expires ?? 0,
          cancelled: made.cancelled === true,
        });
      }
    }
    for (const reader of readers.values()) await reader.readOn();
    const { expected, ambiguous } = judge(invoices, readers);
    const watched = new Map([...this.addresses].map(([network, list]) => [network, new Set<string>(list)]));
    const transfers = [...readers.values()]
      .flatMap((reader) => reader.transfers)
      .filter((transfer) => transfer.value > 0n && watched.get(transfer.network)?.has(transfer.to));
    return { truth: { invoices, expected, transfers, people: this.people }, ambiguous };
  }

  private async progress(step: number): Promise<void> {
    if (performance.now() - this.lastSaid < 5_000) return;
    this.lastSaid = performance.now();
    const sent = [...this.chains.values()].reduce((sum, { counts }) => sum + counts.transfers, 0);
    const { killedServer, killedDatabase } = this.gate.counts;
    const confirmed =
      this.downUntil > step
        ? "(away)"
        : await this.gate
            .sql((sql) => sql`select count(*)::int as n from invoices where status = 'confirmed'`)
            .then(([row]) => row?.n);
    this.say(
      `step ${step}/${this.plan.steps}: ${this.made.size} created, ${sent} transfers sent, ${confirmed} confirmed; ` +
        `killed server ${killedServer}, database ${killedDatabase}; reorgs ${this.reorgs}; faults in force ${this.troubles.size}`,
    );
  }

  private onLine(line: string): void {
    if (/"level":(50|60)|"level":"(error|fatal)"/.test(line)) this.errorLines++;
    this.options.onLine?.(line);
  }

  private say(line: string): void {
    this.options.say(`${((performance.now() - this.begun) / 1000).toFixed(0).padStart(5)} s  ${line}`);
  }

  private async until(holds: () => Promise<boolean>, what: string): Promise<void> {
    for (const deadline = Date.now() + 60_000; !(await holds()); await sleep(100)) {
      if (Date.now() > deadline) throw new Error(`never: ${what}`);
    }
  }
}
