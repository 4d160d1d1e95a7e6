import { drizzle } from "drizzle-orm/postgres-js";
import * as schema from "@/db/schema";
import type { Executor } from "./client";
import { connect } from "./connect";

/** A statement as it was run, and how PostgreSQL ran it. */
export type Explained = {
  text: string;
  /** Planning and execution, the quickest of several runs: what else the machine does is not the statement's. */
  ms: number;
  buffers: number;
  /** How each table was read, such as `invoices by invoices_list`. */
  reads: string[];
  /** Tables of at least `largeRows` rows that were read from end to end. */
  sequential: string[];
};

type PlanNode = {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Shared Hit Blocks"?: number;
  "Shared Read Blocks"?: number;
  Plans?: PlanNode[];
};
type Plan = { Plan: PlanNode; "Planning Time": number; "Execution Time": number };

const RUNS = 5;

const msOf = (plan: Plan) => plan["Planning Time"] + plan["Execution Time"];

class RolledBack extends Error {}

/**
 * Runs work on a database, undoes it, and explains every statement it sent (`explain analyze`, each in a transaction that is
 * undone too).
 * @param largeRows from how many rows on a table must not be read from end to end.
 */
export async function explainWork(
  databaseUrl: string,
  work: (db: Executor) => Promise<unknown>,
  largeRows = 10_000,
): Promise<Explained[]> {
  const sent: { text: string; values: unknown[] }[] = [];
  const client = connect(databaseUrl, { max: 1 });
  const logger = { logQuery: (text: string, values: unknown[]) => void sent.push({ text, values }) };
  const undone = async (run: () => Promise<unknown>) => {
    await run().catch((error: unknown) => {
      if (!(error instanceof RolledBack)) throw error;
    });
  };
  try {
    const large = new Set(
      (
        await client<{ name: string }[]>`
        select relname as name from pg_class where relkind = 'r' and reltuples >= ${largeRows}`
      ).map((row) => row.name),
    );
    const db = drizzle(client, { schema, casing: "snake_case", logger });
    await undone(() =>
      db.transaction(async (tx) => {
        await work(tx);
        throw new RolledBack();
      }),
    );
    const explained: Explained[] = [];
    for (const { text, values } of sent.filter((statement) =>
      /^\s*(select|with|insert|update|delete)\b/i.test(statement.text),
    )) {
      let plan: Plan | undefined;
      for (let run = 0; run < RUNS; run++) {
        await undone(() =>
          client.begin(async (tx) => {
            const rows = await tx.unsafe(`explain (analyze, buffers, format json) ${text}`, values as never[]);
            const found = (rows[0]?.["QUERY PLAN"] as Plan[] | undefined)?.[0];
            if (found && (!plan || msOf(found) < msOf(plan))) plan = found;
            throw new RolledBack();
          }),
        );
      }
      if (!plan) throw new Error(`no plan of: ${text}`);
      const nodes = [...nodesOf(plan.Plan)];
      const whole = nodes.filter((node) => node["Node Type"] === "Seq Scan" && large.has(node["Relation Name"] ?? ""));
      explained.push({
        text,
        ms: msOf(plan),
        buffers: (plan.Plan["Shared Hit Blocks"] ?? 0) + (plan.Plan["Shared Read Blocks"] ?? 0),
        reads: [...new Set(nodes.flatMap(readOf))],
        sequential: [...new Set(whole.map((node) => node["Relation Name"] ?? ""))],
      });
    }
    return explained;
  } finally {
    await client.end();
  }
}

function* nodesOf(node: PlanNode): Iterable<PlanNode> {
  yield node;
  for (const child of node.Plans ?? []) yield* nodesOf(child);
}

function readOf(node: PlanNode): string[] {
  const [type, table, index] = [node["Node Type"], node["Relation Name"], node["Index Name"]];
  if (type === "Seq Scan") return [`${table} whole`];
  if (type === "Index Only Scan") return [`${index} only`];
  if (type === "Index Scan") return [index ?? ""];
  if (type === "Bitmap Index Scan") return [`${index} (bitmap)`];
  if (type === "Tid Scan") return [`${table} by place`];
  return type === "Sort" || type === "Incremental Sort" ? [type.toLowerCase()] : [];
}
