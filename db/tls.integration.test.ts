import { execFileSync } from "node:child_process";
import { chownSync, copyFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, expect, inject, it } from "vitest";
import { describeWith } from "@/e2e/tools";
import { resetEnv } from "@/lib/env";
import { closeDb, db, isDatabaseUnavailable } from "./client";
import { connect } from "./connect";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded";
import { migrate } from "./migrate";
import { answeringAt } from "./server";

/** PostgreSQL that speaks TLS, with a certificate that nobody but its own authority signed, and takes no other connection. */
describeWith("openssl", "a database over TLS", (openssl) => {
  const dir = mkdtempSync(join(tmpdir(), "gateway-tls-"));
  const file = (name: string) => join(dir, name);
  let server: EmbeddedPostgres;

  beforeAll(async () => {
    makeCertificates(openssl, file);
    server = await startEmbeddedPostgres({ dir: file("postgres"), password: "test", settings: { fsync: "off" } });
    for (const name of ["server.crt", "server.key"]) {
      copyFileSync(file(name), join(file("postgres"), name));
      const { uid, gid } = statSync(file("postgres"));
      chownSync(join(file("postgres"), name), uid, gid);
    }
    const admin = connect(server.url, { max: 1 });
    await admin`alter system set ssl = on`;
    await admin`select pg_reload_conf()`;
    await admin.end();
    await migrate(url("sslmode=require"));
  });
  afterEach(closeDb);
  afterAll(async () => {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  /** @param host the certificate is made out to localhost, not to its address. */
  function url(query: string, host = "localhost"): string {
    const address = new URL(server.url);
    address.hostname = host;
    return `${address.href}?${query}`;
  }
  async function isEncrypted(databaseUrl: string): Promise<unknown> {
    process.env.DATABASE_URL = databaseUrl;
    resetEnv();
    const rows = await db().execute(sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`);
    return rows[0]?.ssl;
  }
  const reason = async (databaseUrl: string): Promise<string> => {
    try {
      await isEncrypted(databaseUrl);
      return "none";
    } catch (error) {
      let inner = error as Error;
      while (inner.cause instanceof Error) inner = inner.cause;
      return inner.message;
    }
  };
  const trusting = (name: string) => `sslrootcert=${encodeURIComponent(file(name))}`;

  it.each([
    ["disable", false],
    ["prefer", true],
    ["require", true],
    ["no-verify", true],
  ])("is reached with sslmode=%s (encrypted: %s), whoever signed", async (mode, encrypted) => {
    expect(await isEncrypted(url(`sslmode=${mode}`))).toBe(encrypted);
  });

  it("is reached with sslnegotiation=direct", async () => {
    expect(await isEncrypted(url("sslmode=require&sslnegotiation=direct"))).toBe(true);
  });

  it("is known to be PostgreSQL itself: statements are prepared and sessions limited", async () => {
    const databaseUrl = url("sslmode=verify-full&".concat(trusting("ca.crt")));
    await migrate(databaseUrl);
    expect(await isEncrypted(databaseUrl)).toBe(true);
    expect(answeringAt(databaseUrl)).toBe("postgres");
    const [row] = await db().execute(sql`select current_setting('statement_timeout') as limit, ${1}::int as n,
      (select count(*)::int from pg_prepared_statements) as prepared`);
    expect(row).toMatchObject({ limit: "30s", n: 1 });
    expect(Number(row?.prepared)).toBeGreaterThan(0);
  });

  it.each(["verify-ca", "verify-full"])("is trusted with sslmode=%s if its authority is", async (mode) => {
    expect(await isEncrypted(url(`sslmode=${mode}&${trusting("ca.crt")}`))).toBe(true);
    expect(await reason(url(`sslmode=${mode}&${trusting("other-ca.crt")}`))).toMatch(/certificate|signature/i);
    expect(await reason(url(`sslmode=${mode}`))).toMatch(/certificate/i);
  });

  it("must also be the host that it says with verify-full, and need not with verify-ca", async () => {
    expect(await isEncrypted(url(`sslmode=verify-ca&${trusting("ca.crt")}`, "127.0.0.1"))).toBe(true);
    expect(await reason(url(`sslmode=verify-full&${trusting("ca.crt")}`, "127.0.0.1"))).toMatch(/does not match/);
  });

  it("is verified with sslmode=require once there is something to verify it by", async () => {
    expect(await reason(url(`sslmode=require&${trusting("other-ca.crt")}`))).toMatch(/certificate|signature/i);
  });

  it("that offers no TLS is refused with sslmode=require, said plainly, and used with prefer", async () => {
    const plain = inject("databaseServer");
    expect(await reason(`${plain}?sslmode=require`)).toMatch(
      /^DATABASE_URL asks for TLS \(sslmode\), but PostgreSQL at/,
    );
    expect(await isEncrypted(`${plain}?sslmode=prefer`)).toBe(false);
  });

  it("refuses as often as it is asked, and is there again when it is trusted: no connection of the pool is lost", async () => {
    process.env.DATABASE_URL = url(`sslmode=verify-ca&${trusting("other-ca.crt")}`);
    resetEnv();
    const failures = await Promise.allSettled(Array.from({ length: 40 }, () => db().execute(sql`select 1`)));
    expect(failures.every(({ status }) => status === "rejected")).toBe(true);
    // Forty on sixteen connections: each failed more than once.
    const again = await Promise.allSettled(Array.from({ length: 20 }, () => db().execute(sql`select 1`)));
    expect(again.every(({ status }) => status === "rejected")).toBe(true);
  });

  it("answers every query, and the pool works on, when it ends connections again and again", async () => {
    const databaseUrl = url(`sslmode=verify-full&${trusting("ca.crt")}`);
    process.env.DATABASE_URL = databaseUrl;
    resetEnv();
    const killer = connect(server.url, { max: 1 });
    let stop = false;
    let [answered, refused] = [0, 0];
    const strange: unknown[] = [];
    const worker = async () => {
      while (!stop) {
        try {
          await db().transaction((tx) => tx.execute(sql`select pg_sleep(0.001)`));
          answered++;
        } catch (error) {
          if (isDatabaseUnavailable(error)) refused++;
          else strange.push(error);
        }
      }
    };
    const workers = Array.from({ length: 20 }, worker);
    for (let i = 0; i < 10; i++) {
      await new Promise((done) => setTimeout(done, 60));
      await killer`select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'usdt-gateway' and pid <> pg_backend_pid()`;
    }
    await new Promise((done) => setTimeout(done, 500));
    const before = answered;
    await new Promise((done) => setTimeout(done, 500));
    stop = true;
    await Promise.all(workers);
    await killer.end();
    expect(strange).toEqual([]);
    expect(refused).toBeGreaterThan(0);
    expect(answered - before).toBeGreaterThan(20);
  });
});

/** An authority, another one, and a server's certificate signed by the first. */
function makeCertificates(openssl: string, file: (name: string) => string): void {
  const run = (...args: string[]) => execFileSync(openssl, args, { stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  for (const name of ["ca", "other-ca"]) {
    const out = ["-keyout", file(`${name}.key`), "-out", file(`${name}.crt`)];
    run("req", "-x509", ...key, ...out, "-days", "2", "-subj", `/CN=${name}`);
  }
  run(
    "req",
    ...key,
    "-keyout",
    file("server.key"),
    "-out",
    file("server.csr"),
    "-subj",
    "/CN=localhost",
    "-addext",
    "subjectAltName=DNS:localhost",
  );
  run(
    "x509",
    "-req",
    "-in",
    file("server.csr"),
    "-CA",
    file("ca.crt"),
    "-CAkey",
    file("ca.key"),
    "-CAcreateserial",
    "-days",
    "2",
    "-copy_extensions",
    "copy",
    "-out",
    file("server.crt"),
  );
}
