/**
 * DATA_DIR: who uses it (a lock), and the secrets that were generated for it. Everything a gateway keeps beside its
 * database is here.
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { makeDirectory, processStart } from "@/db/embedded";

/** What is wrong with DATA_DIR and what to do, in one line. */
export class DataDirError extends Error {
  override name = "DataDirError";
}

/** Secrets generated once for a DATA_DIR; each gives way to the environment variable of its name. */
export type Secrets = z.infer<typeof secretsSchema>;
const secretsSchema = z.object({
  authSecret: z.string().min(32),
  /** 64 hex characters. */
  encryptionKey: z.string().regex(/^[0-9a-f]{64}$/),
  databasePassword: z.string().min(16),
  metricsToken: z.string().min(16),
});

/** `server` holds the lock while it runs; `admin` only for the moment of a command. */
export type LockRole = "server" | "admin";

const lockSchema = z.object({
  token: z.string(),
  pid: z.number(),
  /** The process's start, so that a reused pid is not taken for the holder. */
  start: z.string().nullable(),
  /** Where `pid` and `start` mean anything: this boot of this machine, this container. */
  realm: z.string(),
  role: z.enum(["server", "admin"]),
  port: z.number().optional(),
  /** Whether the holder runs the embedded database, and whether it is ready with its migrations applied. */
  database: z.enum(["starting", "ready", "external"]).optional(),
});
/** Who holds a lock. */
export type LockHolder = z.infer<typeof lockSchema>;

/** What a holder tells others about itself. */
export type LockNotes = Pick<LockHolder, "port" | "database">;

const LOCK = "gateway.lock";
const SECRETS = "secrets.json";
const HEARTBEAT_MS = 2000;
const WAIT_MS = { server: 2000, admin: 15_000 };

/** The embedded database's directory below DATA_DIR. */
export function databaseDir(dataDir: string): string {
  return join(dataDir, "postgres");
}

/** A DATA_DIR that this process holds. */
export interface DataDir {
  /** Absolute path. */
  path: string;
  secrets: Secrets;
  /** Tells others more about us, e.g. that the database is ready. */
  note(notes: LockNotes): void;
  /** Gives the directory back. Safe to call twice. */
  release(): void;
}

/**
 * Makes DATA_DIR if needed, takes its lock and loads or generates its secrets.
 * @throws {DataDirError} one line: who holds it, or why it cannot be used.
 */
export async function openDataDir(dir: string, options: { role: LockRole } & LockNotes): Promise<DataDir> {
  const path = resolve(dir);
  return clearly(path, async () => {
    makeDataDir(path);
    const lock = await takeLock(join(path, LOCK), options, async (holder, waitedMs) => {
      if (waitedMs < WAIT_MS[holder.role]) return;
      throw new DataDirError(
        holder.role === "server"
          ? `The gateway is already running on ${path} (pid ${holder.pid}${holder.port ? `, port ${holder.port}` : ""}): ` +
              "stop it first, or set another DATA_DIR and PORT to run a second one"
          : `An admin command (pid ${holder.pid}) has been using ${path} for ${WAIT_MS.admin / 1000} s: wait for it or end it`,
      );
    });
    try {
      return { path, secrets: loadSecrets(path), note: lock.note, release: lock.release };
    } catch (error) {
      lock.release();
      throw error;
    }
  });
}

/** The live holder of DATA_DIR's lock, null if nobody holds it. */
export async function readLock(dir: string): Promise<LockHolder | null> {
  const file = join(resolve(dir), LOCK);
  const holder = readHolder(file);
  return holder && (await isAlive(holder, file)) ? holder : null;
}

/**
 * Loads the secrets of DATA_DIR, or generates them; two processes at once end with the same ones.
 * @throws {DataDirError} if the file is damaged, or missing beside a database that needs it.
 */
export function loadSecrets(dir: string): Secrets {
  const path = resolve(dir);
  const file = join(path, SECRETS);
  if (!existsSync(file)) {
    if (existsSync(join(databaseDir(path), "PG_VERSION"))) {
      throw new DataDirError(
        `${file} is missing, but the database beside it was made with it: restore it from your backup, or move ` +
          `${databaseDir(path)} away to begin anew`,
      );
    }
    makeDataDir(path);
    const secret = (): string => randomBytes(32).toString("base64url");
    const secrets: Secrets = {
      authSecret: secret(),
      encryptionKey: randomBytes(32).toString("hex"),
      databasePassword: secret(),
      metricsToken: secret(),
    };
    createFile(file, `${JSON.stringify(secrets, null, 2)}\n`);
  }
  try {
    return secretsSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code) throw error;
    throw new DataDirError(`${file} is damaged: restore it from your backup`);
  }
}

/** Puts the secrets into the environment, each where its variable is unset (a blank one counts as unset). */
export function applySecrets(secrets: Secrets, target: Record<string, string | undefined>): void {
  const values = {
    AUTH_SECRET: secrets.authSecret,
    ENCRYPTION_KEY: secrets.encryptionKey,
    METRICS_TOKEN: secrets.metricsToken,
  };
  for (const [name, value] of Object.entries(values)) if (!target[name]?.trim()) target[name] = value;
}

/** A lock this process holds. */
export interface Lock {
  note(notes: LockNotes): void;
  release(): void;
}

/**
 * Takes the lock `file`; one whose holder is gone is taken over. While a live process holds it, `onHeld` is asked again
 * and again with the milliseconds it has waited for that holder, and throws when it does not want to wait any longer.
 */
export async function takeLock(
  file: string,
  about: { role: LockRole } & LockNotes,
  onHeld: (holder: LockHolder, waitedMs: number) => void | Promise<void>,
): Promise<Lock> {
  const mine: LockHolder = {
    token: randomBytes(8).toString("hex"),
    pid: process.pid,
    start: processStart(process.pid),
    realm: realm(),
    role: about.role,
    port: about.port,
    database: about.database,
  };
  let held: { token: string; since: number } | undefined;
  for (;;) {
    if (createFile(file, JSON.stringify(mine))) {
      // Someone who judged the previous lock stale a moment ago may just be removing ours in its place.
      await sleep(50);
      if (readHolder(file)?.token === mine.token) break;
      continue;
    }
    const holder = readHolder(file);
    if (holder === null) {
      // Removed since, or damaged: by a power cut only, as it is never written in place.
      if (existsSync(file)) removeLock(file, null);
      continue;
    }
    if (await isAlive(holder, file)) {
      if (held?.token !== holder.token) held = { token: holder.token, since: Date.now() };
      await onHeld(holder, Date.now() - held.since);
      await sleep(100);
    } else removeLock(file, holder.token);
  }

  const heartbeat = setInterval(() => {
    try {
      if (readHolder(file)?.token === mine.token) utimesSync(file, new Date(), new Date());
    } catch {
      // A disk that refuses this will make itself heard elsewhere.
    }
  }, HEARTBEAT_MS);
  heartbeat.unref();
  let released = false;
  return {
    note(notes) {
      if (released) return;
      Object.assign(mine, notes);
      const temporary = writeTemporary(file, JSON.stringify(mine));
      renameSync(temporary, file);
    },
    release() {
      if (released) return;
      released = true;
      clearInterval(heartbeat);
      if (readHolder(file)?.token === mine.token) rmSync(file, { force: true });
    },
  };
}

/** Removes exactly the lock that was judged, though another process may replace it at the same time. */
function removeLock(file: string, token: string | null): void {
  if ((readHolder(file)?.token ?? null) !== token) return;
  const aside = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  try {
    if ((readHolder(aside)?.token ?? null) !== token) linkSync(aside, file);
  } catch {
    // Somebody else has it by now.
  } finally {
    rmSync(aside, { force: true });
  }
}

function readHolder(file: string): LockHolder | null {
  try {
    return lockSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return null;
  }
}

/**
 * Whether the holder still runs. A pid says nothing about another container or machine that shares the directory, or
 * about the time before a reboot: there the heartbeat decides.
 */
async function isAlive(holder: LockHolder, file: string): Promise<boolean> {
  if (holder.realm === realm()) {
    const start = processStart(holder.pid);
    return start !== null && start === holder.start;
  }
  const beat = (): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const first = beat();
  if (Date.now() - first > 15 * HEARTBEAT_MS) return false;
  for (let waited = 0; waited < 2.5 * HEARTBEAT_MS; waited += 250) {
    await sleep(250);
    const now = beat();
    if (now === 0 || readHolder(file)?.token !== holder.token) return false;
    if (now !== first) return true;
  }
  return false;
}

function realm(): string {
  if (process.platform !== "linux") return process.platform;
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return "linux";
  }
}

/** Creates `file` with all its content at once; false if it exists. */
function createFile(file: string, content: string): boolean {
  const temporary = writeTemporary(file, content);
  try {
    linkSync(temporary, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
    syncDirectory(dirname(file));
  }
}

function writeTemporary(file: string, content: string): string {
  const temporary = `${file}.${randomBytes(6).toString("hex")}`;
  const handle = openSync(temporary, "wx", 0o600);
  try {
    writeSync(handle, content);
    fsyncSync(handle);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(handle);
  }
  return temporary;
}

function syncDirectory(path: string): void {
  try {
    const handle = openSync(path, "r");
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch {
    // Some file systems cannot sync a directory.
  }
}

function makeDataDir(path: string): void {
  // Root's database runs as another user, who must be able to pass through; what is inside is closed to others anyway.
  makeDirectory(path, process.getuid?.() === 0 ? 0o711 : 0o700);
}

/** Turns a system error about DATA_DIR into one line. */
async function clearly<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DataDirError) throw error;
    throw new DataDirError(dataDirProblem(path, error));
  }
}

/** One line about a system error met while writing to DATA_DIR. */
export function dataDirProblem(path: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return `The disk is full: cannot write to ${path}. Make room there or set DATA_DIR to another disk`;
    case "EROFS":
      return `The disk is read-only: cannot write to ${path}. Mount it writable or set DATA_DIR to another directory`;
    case "EACCES":
    case "EPERM":
      return `No permission to write to ${path}: give it to the user who starts the gateway or set DATA_DIR to another directory`;
    case "ENOTDIR":
    case "EEXIST":
    case "ENOENT":
      return `${path} cannot be made a directory (${code}): set DATA_DIR to another directory`;
    default:
      return `Cannot use ${path}: ${message}`;
  }
}
