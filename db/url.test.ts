import { describe, expect, it } from "vitest";
import { parseDatabaseUrl } from "./url";

const parse = (query: string) => parseDatabaseUrl(`postgres://u:p@db.example.com:5432/gateway${query}`);

describe("parseDatabaseUrl", () => {
  it.each([
    ["", null],
    ["?sslmode=disable", null],
    ["?sslmode=prefer", { required: false, verify: "nothing" }],
    ["?sslmode=require", { required: true, verify: "nothing" }],
    ["?ssl=true", { required: true, verify: "nothing" }],
    ["?sslmode=no-verify", { required: true, verify: "nothing" }],
    ["?sslmode=verify-ca", { required: true, verify: "authority" }],
    ["?sslmode=verify-full", { required: true, verify: "host" }],
    ["?sslrootcert=system", { required: true, verify: "host" }],
    ["?sslmode=verify-full&sslnegotiation=direct", { required: true, verify: "host", direct: true }],
  ])("reads %s as libpq does", (query, tls) => {
    const parsed = parse(query);
    if (tls === null) expect(parsed.tls).toBeNull();
    else expect(parsed.tls).toMatchObject(tls);
    expect(parsed.url).toBe("postgres://u:p@db.example.com:5432/gateway");
  });

  it("hands on what the server knows and keeps back what it would refuse", () => {
    const { url } = parse(
      "?sslmode=require&channel_binding=require&pgbouncer=true&connection_limit=1&search_path=gateway",
    );
    expect(new URL(url).search).toBe("?search_path=gateway");
  });

  it("knows whether to prepare statements: by itself, or as it is told", () => {
    expect(parse("").prepare).toBeNull();
    expect(parse("?prepare=false").prepare).toBe(false);
    expect(parse("?prepare=true").prepare).toBe(true);
    expect(parse("?pgbouncer=true").prepare).toBe(false);
  });

  it.each([
    ["?sslmode=always", /^DATABASE_URL has sslmode=always: it must be one of disable, /],
    ["?prepare=maybe", /^DATABASE_URL has prepare=maybe/],
    [
      "?sslmode=verify-ca&sslrootcert=/nowhere/ca.pem",
      /^DATABASE_URL has sslrootcert=\/nowhere\/ca.pem, which cannot be read/,
    ],
  ])("says what is wrong with %s", (query, message) => {
    expect(() => parse(query)).toThrow(message);
  });
});
