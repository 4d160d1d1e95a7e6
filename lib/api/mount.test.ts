import type { IncomingMessage } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resetEnv } from "@/lib/env";
import { mount, mountedHandler } from "./mount";

/** Which requests the server hands on directly, and which go through the framework. */

const api = async () => {};
const payEvents = async () => {};
mount({ api, payEvents });

const PAY_URL = process.env.PAY_URL;
beforeEach(() => {
  process.env.PAY_URL = "https://pay.example.com";
  resetEnv();
});
afterEach(() => {
  if (PAY_URL === undefined) delete process.env.PAY_URL;
  else process.env.PAY_URL = PAY_URL;
  resetEnv();
});

function handlerOf(url: string | undefined, host = "gateway.example.com", method = "GET") {
  return mountedHandler({ url, method, headers: { host } } as unknown as IncomingMessage);
}

describe("to the API", () => {
  it.each([
    "/api/v1/invoices",
    "/api/v1/invoices?limit=1&x=%2e",
    "/api/v1/invoices/a-b_c/cancel",
    "/api/v1//invoices",
    "/api/v1/nothing",
  ])("%s", (target) => expect(handlerOf(target)).toBe(api));
});

describe("to the event streams", () => {
  it.each([
    ["/pay/ORDER-1/events", "gateway.example.com"],
    ["/ORDER-1/events", "pay.example.com"],
  ])("%s on %s", (target, host) => expect(handlerOf(target, host)).toBe(payEvents));
});

describe("to the framework", () => {
  it.each([
    "/",
    "/api/v1",
    "/api/v1/",
    "/api/v1x/invoices",
    "/api/v2/invoices",
    "/api/v1/invoices/",
    "/api/v1/../health",
    "/api/v1/invoices/%41",
    "/api/v1/openapi.json",
    "/pay/api/v1/invoices",
    "http://x/api/v1/invoices",
    "/ORDER-1/events",
    "/pay/ORDER-1/status",
    "/pay/ORDER%2F1/events",
    "/pay/a/b/events",
    "/pay/ORDER-1/events?x=1",
    "*",
    undefined,
  ])("%s", (target) => expect(handlerOf(target)).toBeUndefined());

  it("a stream's path on the pay host that holds more than a reference, and other methods", () => {
    expect(handlerOf("/a/ORDER-1/events", "pay.example.com")).toBeUndefined();
    expect(handlerOf("/pay/ORDER-1/events", "gateway.example.com", "HEAD")).toBeUndefined();
  });
});
