import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { believeClientIpHeader, CLIENT_IP_HEADER, callerIp, clientIp, limitSubject } from "./client-ip";

const ipOf = (headers: Record<string, string>) => clientIp(new Request("http://gateway.test/", { headers }));

describe("clientIp on another server", () => {
  it("does not believe our own header, which there nobody overwrites: a client may have written it", () => {
    expect(ipOf({ [CLIENT_IP_HEADER]: "203.0.113.7", "x-forwarded-for": "198.51.100.1" })).toBe("198.51.100.1");
    expect(ipOf({ [CLIENT_IP_HEADER]: "203.0.113.7" })).toBeNull();
  });
});

describe("clientIp", () => {
  beforeEach(() => believeClientIpHeader());
  afterEach(() => believeClientIpHeader(false));

  it("takes our own server's word before anything a client can write", () => {
    expect(ipOf({ [CLIENT_IP_HEADER]: "203.0.113.7", "x-forwarded-for": "198.51.100.1" })).toBe("203.0.113.7");
    expect(ipOf({ [CLIENT_IP_HEADER]: "2001:db8::1" })).toBe("2001:db8::1");
  });

  it("takes the last address of X-Forwarded-For: those before it the client may have invented", () => {
    expect(ipOf({ "x-forwarded-for": "1.2.3.4, 5.6.7.8,  203.0.113.9 " })).toBe("203.0.113.9");
  });

  it.each([
    {},
    { "x-forwarded-for": "unknown" },
    { "x-forwarded-for": "1.2.3.4, " },
    { "x-forwarded-for": "1.2.3.4:80" },
  ])("is null where nobody can say: %j", (headers) => expect(ipOf(headers as Record<string, string>)).toBeNull());

  it("does not fall back on a client's word when our own server's is unreadable", () => {
    expect(ipOf({ [CLIENT_IP_HEADER]: "nonsense", "x-forwarded-for": "198.51.100.1" })).toBeNull();
  });
});

describe("callerIp", () => {
  it.each([
    ["203.0.113.7", undefined, "203.0.113.7"],
    ["8.8.8.8", "1.2.3.4", "8.8.8.8"],
    ["::ffff:8.8.8.8", undefined, "8.8.8.8"],
    ["127.0.0.1", undefined, "127.0.0.1"],
    ["::ffff:127.0.0.1", "6.6.6.6, 9.9.9.9", "9.9.9.9"],
    ["10.0.0.2", "nonsense", "10.0.0.2"],
    [undefined, "9.9.9.9", ""],
  ])("believes X-Forwarded-For only of a proxy on a private address: %s, %s", (remote, forwarded, expected) => {
    expect(callerIp(remote, forwarded)).toBe(expected);
  });
});

describe("limitSubject", () => {
  it("counts all addresses of an IPv6 subscriber as one", () => {
    expect(limitSubject("2001:db8:1:2:3:4:5:6")).toBe(limitSubject("2001:db8:1:2::1"));
    expect(limitSubject("2001:db8:1:3::1")).not.toBe(limitSubject("2001:db8:1:2::1"));
  });

  it.each([
    ["203.0.113.7", "203.0.113.7"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    [null, "unknown"],
  ])("counts %s as %s", (ip, subject) => expect(limitSubject(ip)).toBe(subject));
});
