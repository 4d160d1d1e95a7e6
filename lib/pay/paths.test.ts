import { describe, expect, it } from "vitest";
import { decodePayPath, encodePayPath, isWellFormedPath, payPagePath, payPathOf, payRewrite } from "./paths";

const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));
const PATHS = ["a/b", "100%", "a b", "?x#y", "../", "a%2Fb", "%", "ab.rsc", "api", "_next", "icon.svg", ...PRINTABLE];

describe("pay paths in URLs", () => {
  it.each(PATHS)("%j survives the way into a URL and back, as one segment", (payPath) => {
    const segment = encodePayPath(payPath);
    expect(segment).not.toMatch(/[/?#\\ ]/);
    expect(decodePayPath(segment)).toBe(payPath);
    // A lone dot is no reference: URLs cannot hold it.
    if (payPath !== ".") {
      expect(payPathOf(`https://gateway.example/pay/${segment}/status`)).toBe(payPath);
      expect(payPathOf(`https://pay.example/${segment}/status/?x=1`)).toBe(payPath);
    }
  });

  it("encodes what the server would take for its own", () => {
    expect(["api", "_next", "robots.txt", "ab.rsc"].map(encodePayPath)).toEqual([
      "%61pi",
      "%5Fnext",
      "%72obots.txt",
      "ab%2Ersc",
    ]);
    expect(encodePayPath("ORDER-12345")).toBe("ORDER-12345");
  });

  it.each(["100%", "a%ZZ", "%FF", "%C3%BC", "ü", "a%00b", "a%0Ab", "%7F", "", "x".repeat(201)])(
    "%j leads nowhere",
    (segment) => {
      expect(decodePayPath(segment)).toBeNull();
      expect(payPathOf(`https://pay.example/${segment}/status`)).toBeNull();
    },
  );

  it("are read in no time, however many slashes somebody puts into one", () => {
    const path = `/pay/${"/".repeat(100_000)}x/status`;
    const begun = performance.now();
    expect(payPathOf(`https://pay.example${path}`)).toBe("x");
    payPagePath(path, path);
    // By a regular expression it is half a minute.
    expect(performance.now() - begun).toBeLessThan(1_000);
  });

  it("finds malformed paths", () => {
    expect(isWellFormedPath("/pay/a%2Fb")).toBe(true);
    expect(["/100%", "/a%ZZ", "/%FF/status"].map(isWellFormedPath)).toEqual([false, false, false]);
  });

  it("gives a page and what stands beside it the page's public path", () => {
    expect(payPagePath("/pay/a%2Fb", "/pay/a%2Fb")).toBe("/pay/a%2Fb");
    expect(payPagePath("/a%2Fb/", "/pay/a%2Fb/")).toBe("/a%2Fb");
    expect(payPagePath("/a/cancel", "/pay/a/cancel")).toBe("/a");
    expect(payPagePath("/cancel", "/pay/cancel")).toBe("/cancel");
    expect(payPagePath("/checkout/cancel/cancel/", "/pay/cancel/cancel/")).toBe("/checkout/cancel");
  });
});

describe("addresses on the pay host", () => {
  const urls = { appUrl: "https://gateway.example", payUrl: "https://pay.example" };

  it("lead to the pay pages, still encoded", () => {
    expect(payRewrite("pay.example", "/a%2Fb", urls)).toBe("/pay/a%2Fb");
    expect(payRewrite("pay.example", "/100%25/status", urls)).toBe("/pay/100%25/status");
    expect(payRewrite("PAY.example:443", "/pay", urls)).toBe("/pay/pay");
  });

  it("are left alone on other hosts and ports", () => {
    for (const host of ["gateway.example", "pay.example:8443", "", "pay.example/x", "[bad"]) {
      expect(payRewrite(host, "/a", urls)).toBeNull();
    }
  });

  it("are left alone where PAY_URL leads to /pay by itself or to the app's own root", () => {
    const { appUrl } = urls;
    expect(payRewrite("gateway.example", "/pay/a", { appUrl, payUrl: `${appUrl}/pay` })).toBeNull();
    expect(payRewrite("pay.example", "/pay/a", { appUrl, payUrl: "https://pay.example/pay" })).toBeNull();
    expect(payRewrite("gateway.example", "/a", { appUrl, payUrl: appUrl })).toBeNull();
  });

  it("may stand under another path", () => {
    const other = { ...urls, payUrl: "https://gateway.example/checkout" };
    expect(payRewrite("gateway.example", "/checkout/a%20b/status", other)).toBe("/pay/a%20b/status");
    expect(payRewrite("gateway.example", "/checkouts/a", other)).toBeNull();
    expect(payRewrite("gateway.example", "/dashboard", other)).toBeNull();
  });
});
