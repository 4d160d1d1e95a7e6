import { db } from "@/db/client";
import { migrationState } from "@/db/migrate";
import { listCursors } from "@/db/queries/chain";
import { countOrphanedPayments } from "@/db/queries/metrics";
import { NETWORKS, type Network } from "@/lib/chains/networks";
import { isWatched, nodeReports } from "@/lib/chains/nodes";
import type { NodeReport } from "@/lib/chains/rpc";
import { formatTimeOrNull } from "@/lib/clock";
import { type EngineName, type EngineReport, engineName, engineReport } from "@/lib/jobs/report";

/** How a network's scanning stands. `secondsBehind`: age of the newest block whose transfers are all stored. */
export type NetworkHealth = {
  network: Network;
  status: "off" | "starting" | "ok" | "behind" | "failing";
  headBlock: number | null;
  scannedBlock: number | null;
  scannedTime: string | null;
  blocksBehind: number | null;
  secondsBehind: number | null;
  error: string | null;
  /** Confirmed payments whose transfer has left the chain: a person must look. */
  orphanedPayments: number;
  nodes: NodeReport[];
};

/** No good tick for this long: failing. */
const FAILING_AFTER_MS = 60_000;
/** A scanner that trails the head by more blocks than this is catching up. */
const BEHIND_BLOCKS = 100;

/** The state of scanning for every network. @throws where the database is away. */
export async function networksHealth(now = new Date()): Promise<NetworkHealth[]> {
  const [rows, orphaned] = await Promise.all([listCursors(db()), countOrphanedPayments(db())]);
  const cursors = new Map(rows.filter((row) => row.mode === "live").map((row) => [row.network, row]));
  return NETWORKS.map((network) => {
    const cursor = cursors.get(network);
    const watched = isWatched(network);
    const nodes = watched ? nodeReports(network) : [];
    const blocksBehind =
      cursor?.headNumber != null && cursor.scannedNumber !== null
        ? Math.max(0, cursor.headNumber - cursor.scannedNumber)
        : null;
    const quietMs = cursor?.lastSuccessAt ? now.getTime() - cursor.lastSuccessAt.getTime() : null;
    const status = !watched
      ? "off"
      : quietMs === null
        ? cursor?.lastError
          ? "failing"
          : "starting"
        : quietMs > FAILING_AFTER_MS
          ? "failing"
          : (blocksBehind ?? 0) > BEHIND_BLOCKS
            ? "behind"
            : "ok";
    return {
      network,
      status,
      headBlock: cursor?.headNumber ?? null,
      scannedBlock: cursor?.scannedNumber ?? null,
      scannedTime: formatTimeOrNull(cursor?.scannedTime ?? null),
      blocksBehind,
      secondsBehind: cursor?.scannedTime
        ? Math.max(0, Math.round((now.getTime() - cursor.scannedTime.getTime()) / 1000))
        : null,
      error: watched ? (cursor?.lastError ?? null) : null,
      orphanedPayments: orphaned.get(network) ?? 0,
      nodes,
    };
  });
}

export type Health = {
  status: "ok" | "degraded" | "down";
  database: { status: "ok" | "down" };
  migrations: { status: "ok" | "pending" | "unknown"; applied: number | null; expected: number | null };
  backgroundWork: { status: "ok" | "down"; engine: EngineName; jobs: EngineReport["jobs"] };
  networks: NetworkHealth[];
};

/**
 * Everything `/api/health` answers with. `down` (503): this server cannot do its work. `degraded` (200): something needs a
 * person, but taking this server out of service would help nobody: a network whose nodes fail, an Inngest that is away, a full disk.
 */
export async function health(): Promise<Health> {
  const engine = await engineReport().catch(() => ({ engine: engineName(), healthy: false, failing: true, jobs: [] }));
  const backgroundWork = {
    status: engine.healthy ? ("ok" as const) : ("down" as const),
    engine: engine.engine,
    jobs: engine.jobs,
  };
  try {
    const [networks, { applied, expected }] = await Promise.all([networksHealth(), migrationState(db())]);
    const migrated = applied >= expected;
    const broken = !migrated || (engine.engine === "embedded" && !engine.healthy);
    const failing = networks.some((network) => network.status === "failing" || network.orphanedPayments > 0);
    return {
      status: broken ? "down" : failing || engine.failing || !engine.healthy ? "degraded" : "ok",
      database: { status: "ok" },
      migrations: { status: migrated ? "ok" : "pending", applied, expected },
      backgroundWork,
      networks,
    };
  } catch {
    // What the driver says may name hosts and users: health only says that it is away.
    return {
      status: "down",
      database: { status: "down" },
      migrations: { status: "unknown", applied: null, expected: null },
      backgroundWork,
      networks: [],
    };
  }
}

/** GET /api/health */
export async function healthResponse(): Promise<Response> {
  const report = await health();
  return Response.json(report, {
    status: report.status === "down" ? 503 : 200,
    headers: { "cache-control": "no-store" },
  });
}
