import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type postgres from "postgres";
import { connect } from "@/db/connect";
import { type Gateway, startGateway } from "@/e2e/gateway";
import type { PeopleSpec, Person } from "./people";
import type { PlannedKill } from "./plan";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** For how long one request, or one query, is tried again. */
const PATIENCE_MS = 120_000;

export interface CreatedInvoice {
  id: string;
  reference: string;
  payoutAddress: string;
  amountUsdtExact: string;
  expiresAt: string;
  status: string;
}

/** What an integrator, and the operator's killer, do with the gateway. Requests are repeated until they are answered. */
export class Gate {
  private client: postgres.Sql | null = null;
  private back: Promise<void> = Promise.resolve();
  readonly counts = { requests: 0, repeated: 0, killedServer: 0, killedDatabase: 0, moved: 0 };
  /** Answers that the contract does not allow, in words. */
  readonly surprises: string[] = [];

  private constructor(readonly gateway: Gateway) {}

  static async start(env: Record<string, string>, onLine: (line: string) => void, signal?: AbortSignal): Promise<Gate> {
    return new Gate(await startGateway({ env, onLine, signal }));
  }

  async stop(): Promise<void> {
    await this.client?.end({ timeout: 1 }).catch(() => {});
    await this.back.catch(() => {});
    await this.gateway.stop();
  }

  /** Merchants and their addresses. */
  async people(spec: PeopleSpec): Promise<Person[]> {
    const args = ["--import", "tsx", "e2e/soak/people.ts", JSON.stringify(spec)];
    const env = { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", DATA_DIR: this.gateway.dataDir };
    const options = { cwd: ROOT, env: env as unknown as NodeJS.ProcessEnv, maxBuffer: 1 << 26 };
    const { stdout } = await promisify(execFile)(process.execPath, args, options);
    return JSON.parse(stdout) as Person[];
  }

  /** One request, repeated while the server is away or cannot answer. */
  async request<T>(key: string, method: string, path: string, body?: unknown, idempotencyKey?: string) {
    for (const deadline = Date.now() + PATIENCE_MS; ; await sleep(100)) {
      this.counts.requests++;
      try {
        const response = await fetch(`${this.gateway.url}/api/v1${path}`, {
          method,
          headers: {
            authorization: `Bearer ${key}`,
            "content-type": "application/json",
            ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
          },
          body: body === undefined ? undefined : JSON.stringify(body),
          signal: AbortSignal.timeout(30_000),
        });
        const text = await response.text();
        if (response.status < 500) {
          const parsed = JSON.parse(text) as T & { code?: string };
          if (parsed.code !== "idempotency_in_flight") return { status: response.status, body: parsed };
        } else if (Date.now() > deadline)
          throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
      } catch (error) {
        if (Date.now() > deadline) throw error;
      }
      this.counts.repeated++;
    }
  }

  /** Creates an invoice, under one idempotency key however often it takes. */
  async create(key: string, fields: { reference: string } & Record<string, unknown>): Promise<CreatedInvoice> {
    const { status, body } = await this.request<CreatedInvoice>(key, "POST", "/invoices", fields, fields.reference);
    if (status === 201 && body.status === "pending") return body;
    const said = JSON.stringify(body).slice(0, 300);
    this.surprises.push(`creating ${fields.reference} under its idempotency key: ${status} ${said}`);
    const found = await this.request<CreatedInvoice>(key, "GET", `/invoices/reference/${fields.reference}`);
    if (found.status !== 200) throw new Error(`${fields.reference} could not be created: ${status} ${said}`);
    return found.body;
  }

  /** @returns whether the invoice is cancelled, by what the API answers in the end. */
  async cancel(key: string, id: string): Promise<boolean> {
    const { status, body } = await this.request<{ status: string }>(key, "POST", `/invoices/${id}/cancel`);
    if (status === 200) return body.status === "cancelled";
    // Refused: because a payment was seen, or because an answer got lost and it is cancelled already.
    const read = await this.request<{ status: string; payment: unknown }>(key, "GET", `/invoices/${id}`);
    return read.body.status === "cancelled";
  }

  /** A query on the gateway's database, repeated while that is away. Only what may happen twice. */
  async sql<T>(query: (sql: postgres.Sql) => Promise<T>): Promise<T> {
    for (const deadline = Date.now() + PATIENCE_MS; ; await sleep(200)) {
      try {
        this.client ??= connect(this.gateway.databaseUrl(), { max: 2, connect_timeout: 5 });
        return await query(this.client);
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await this.client?.end({ timeout: 1 }).catch(() => {});
        this.client = null;
      }
    }
  }

  /** Cuts the windows of new invoices: they end at the first full second after `seconds` more. @returns the ends by id, in ms. */
  async cutWindows(ids: readonly string[], seconds: number): Promise<Map<string, number>> {
    if (ids.length === 0) return new Map();
    const rows = await this.sql(
      (sql) => sql<{ id: string; ends: number }[]>`
        update invoices set expires_at = date_trunc('second', now()) + make_interval(secs => ${seconds})
        where id = any(${`{${ids.join(",")}}`}::uuid[])
        returning id, (extract(epoch from expires_at) * 1000)::float8 as ends`,
    );
    return new Map(rows.map(({ id, ends }) => [id, ends]));
  }

  /** The schedule of retries starts at 30 s: deliveries that failed are made due now. */
  async hurryDeliveries(): Promise<void> {
    const rows = await this.sql(
      (sql) => sql`
        update deliveries set next_attempt_at = now()
        where status = 'pending' and next_attempt_at > now() + interval '1 s' returning 1`,
    );
    this.counts.moved += rows.length;
  }

  /** Kills what is to be killed. The server stays away until `restart`. */
  async kill({ what, signal }: PlannedKill): Promise<void> {
    await this.back;
    const postgresPid = this.gateway.postgresPid;
    if (what !== "database") {
      await this.gateway.kill("SIGKILL");
      this.counts.killedServer++;
    }
    if (what === "server") return;
    if (postgresPid !== null) process.kill(postgresPid, signal);
    this.counts.killedDatabase++;
  }

  /** Starts the server again after `kill`, and waits until it is healthy. */
  async restart({ endLeases }: PlannedKill): Promise<void> {
    this.back = this.gateway.restart();
    await this.back;
    if (!endLeases) return;
    await this.sql(async (sql) => {
      await sql`update network_cursors set lease_until = now()`;
      await sql`update deliveries set lease_until = now() where lease_until > now()`;
    });
  }
}
