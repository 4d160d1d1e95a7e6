import { describe, expect, it } from "vitest";
import { contentSecurityPolicy, pageHeaders } from "./security-headers";

const policy = { nonce: "bm9uY2U=", development: false };
const directive = (text: string, name: string) => text.split("; ").find((part) => part.startsWith(`${name} `));

describe("the policy of a page", () => {
  it("runs only scripts with the nonce and what those load", () => {
    const scripts = directive(contentSecurityPolicy(policy), "script-src");
    expect(scripts).toBe("script-src 'nonce-bm9uY2U=' 'strict-dynamic'");
  });

  it("evaluates code in development only", () => {
    expect(contentSecurityPolicy({ ...policy, development: true })).toContain("'unsafe-eval'");
    expect(contentSecurityPolicy(policy)).not.toContain("unsafe-eval");
  });

  it("names no host but our own", () => {
    expect(contentSecurityPolicy(policy)).not.toMatch(/https?:|\*/);
  });

  it("allows no inline style where styles are strict", () => {
    expect(contentSecurityPolicy({ ...policy, strictStyles: true })).not.toContain("unsafe-inline");
  });

  it("may be framed by nobody unless origins are given", () => {
    expect(directive(contentSecurityPolicy(policy), "frame-ancestors")).toBe("frame-ancestors 'none'");
    expect(pageHeaders(policy)["X-Frame-Options"]).toBe("DENY");
  });

  it("may be framed by the origins that are given", () => {
    const frameOrigins = ["https://shop.example", "http://localhost:8080"];
    const headers = pageHeaders({ ...policy, frameOrigins });
    expect(directive(headers["Content-Security-Policy"] ?? "", "frame-ancestors")).toBe(
      "frame-ancestors https://shop.example http://localhost:8080",
    );
    expect(headers["X-Frame-Options"]).toBeUndefined();
  });

  it.each(["*", "https:", "https://a.example; script-src *", "https://a.example/path", "https://a b", "javascript:x"])(
    "takes %j for no origin",
    (origin) => {
      const headers = pageHeaders({ ...policy, frameOrigins: [origin] });
      expect(headers["Content-Security-Policy"]).toMatch(/frame-ancestors 'none'$/);
      expect(headers["X-Frame-Options"]).toBe("DENY");
    },
  );
});
