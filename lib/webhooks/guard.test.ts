import type { LookupAddress, LookupOptions } from "node:dns";
import { describe, expect, it } from "vitest";
import { assertConnectedAddress, BlockedAddressError, checkTargetUrl, guardedLookup, isAllowedAddress } from "./guard";

const PUBLIC = ["8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.0", "100.128.0.0", "2606:4700:4700::1111", "2a00::1"];

const NOT_PUBLIC: [what: string, ...addresses: string[]][] = [
  ["this network 0/8", "0.0.0.0", "0.1.2.3"],
  ["private 10/8", "10.0.0.0", "10.255.255.255"],
  ["carrier-grade NAT 100.64/10", "100.64.0.0", "100.127.255.255", "100.100.100.200"],
  ["loopback 127/8", "127.0.0.1", "127.255.255.254"],
  ["link-local and metadata 169.254/16", "169.254.0.1", "169.254.169.254", "169.254.170.2"],
  ["private 172.16/12", "172.16.0.0", "172.31.255.255"],
  ["IETF protocol assignments 192.0.0/24", "192.0.0.1", "192.0.0.192"],
  ["documentation", "192.0.2.1", "198.51.100.1", "203.0.113.1"],
  ["6to4 relays 192.88.99/24", "192.88.99.1"],
  ["private 192.168/16", "192.168.0.1", "192.168.255.255"],
  ["benchmarking 198.18/15", "198.18.0.1", "198.19.255.255"],
  ["multicast 224/4", "224.0.0.1", "239.255.255.255"],
  ["reserved 240/4", "240.0.0.1", "255.255.255.254"],
  ["broadcast", "255.255.255.255"],
  ["Azure's wire server", "168.63.129.16"],
  ["IPv6 unspecified and loopback", "::", "::1"],
  ["IPv4-mapped", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::ffff:10.0.0.1", "0:0:0:0:0:ffff:7f00:1"],
  ["IPv4-compatible", "::127.0.0.1", "::7f00:1", "::a00:1"],
  ["IPv4-translated ::ffff:0:0/96", "::ffff:0:127.0.0.1"],
  ["NAT64", "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1"],
  ["6to4", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:a00:1::1"],
  ["Teredo", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001::1"],
  ["ISATAP", "2606:4700::5efe:7f00:1", "2606:4700::200:5efe:a00:1"],
  ["unique local and metadata fd00:ec2::254", "fc00::1", "fd00:ec2::254", "fdff::1"],
  ["link-local", "fe80::1", "febf::1", "fe80::1%eth0"],
  ["site-local", "fec0::1"],
  ["multicast", "ff02::1", "ff0e::1"],
  ["documentation", "2001:db8::1", "3fff::1"],
  ["discard, benchmarking, ORCHID, SRv6", "100::1", "2001:2::1", "2001:10::1", "2001:20::1", "5f00::1"],
  ["outside 2000::/3", "1::1", "4000::1", "200::1"],
  ["a public address with a zone", "2606:4700::1%eth0"],
  ["no address at all", "", "localhost", "127.1", "0x7f.0.0.1", "0177.0.0.1", "2130706433", "[::1]", "8.8.8.8:80"],
];

describe("isAllowedAddress", () => {
  it.each(PUBLIC)("opens the public address %s", (ip) => {
    expect(isAllowedAddress(ip, [])).toBe(true);
  });

  it("judges an IPv4-mapped address as the IPv4 address it reaches", () => {
    expect(isAllowedAddress("::ffff:8.8.8.8", [])).toBe(true);
    expect(isAllowedAddress("::ffff:127.0.0.1", ["127.0.0.0/8"])).toBe(true);
    expect(isAllowedAddress("::ffff:128.0.0.1", ["::/0"])).toBe(true);
  });

  it.each(NOT_PUBLIC)("refuses %s", (_what, ...addresses) => {
    expect(addresses.filter((ip) => isAllowedAddress(ip, []))).toEqual([]);
  });

  it("opens exactly the ranges it is told to", () => {
    const allow = ["127.0.0.0/8", " fd00::/8 ", "10.1.2.3", "::1"];
    const asked = ["127.0.0.1", "127.9.9.9", "fd12::1", "10.1.2.3", "::1", "10.1.2.4", "fc00::1", "192.168.0.1", "::2"];
    expect(asked.filter((ip) => isAllowedAddress(ip, allow))).toEqual(asked.slice(0, 5));
  });

  it.each(["", "*", "127.0.0.0/33", "127.0.0.0/", "loopback", "127.0.0.1-127.0.0.9"])(
    "takes a range that cannot be read for no range: %j",
    (cidr) => {
      expect(isAllowedAddress("127.0.0.1", [cidr])).toBe(false);
      expect(isAllowedAddress("8.8.8.8", [cidr])).toBe(true);
    },
  );
});

describe("checkTargetUrl", () => {
  it.each([
    "https://shop.example/webhook?a=1#b",
    "http://shop.example:8080/",
    "HTTPS://SHOP.EXAMPLE",
    "https://shop.example./",
    "https://8.8.8.8/",
    "https://134744072/",
    "https://[2606:4700:4700::1111]:8443/x",
    "https://localhost.example/",
    "https://notlocalhost/",
    "https://münchen.example/",
  ])("takes %s", (url) => {
    expect(checkTargetUrl(url, [])).toEqual({ ok: true, url: new URL(url) });
  });

  it.each([
    ["decimal", "http://2130706433/"],
    ["decimal metadata", "http://2852039166/"],
    ["hex", "http://0x7f000001/"],
    ["hex parts", "http://0x7f.0x0.0x0.0x1/"],
    ["octal", "http://017700000001/"],
    ["octal parts", "http://0177.0.0.01/"],
    ["mixed", "http://0xa9.254.0251.0xfe/"],
    ["short, two parts", "http://127.1/"],
    ["short, three parts", "http://10.0.1/"],
    ["zero", "http://0/"],
    ["trailing dot", "http://127.0.0.1./"],
    ["hex with a trailing dot", "http://0x7f.1./"],
    ["fullwidth digits", "http://１２７.０.０.１/"],
    ["ideographic full stops", "http://127。0。0。1/"],
    ["percent-encoded", "http://%31%32%37.0.0.1/"],
    ["circled digits", "http://①②⑦.⓪.⓪.①/"],
    ["plain private", "https://192.168.1.1/"],
    ["backslashes and spaces", " http:\\\\127.0.0.1\\x "],
    ["a tab inside", "http://127.0\t.0.1/"],
    ["no slashes", "http:127.0.0.1"],
  ])("refuses IPv4 spelt in %s", (_how, url) => {
    const check = checkTargetUrl(url, []);
    expect(check.ok).toBe(false);
    // Older versions of Node do not read the rarer spellings at all.
    const reason = /^(\d+\.\d+\.\d+\.\d+ is an? .*address|the URL is not valid)$/;
    expect(check).toHaveProperty("reason", expect.stringMatching(reason));
  });

  it.each([
    ["loopback", "http://[::1]/"],
    ["loopback in full", "http://[0:0:0:0:0:0:0:1]/"],
    ["unspecified", "http://[::]/"],
    ["mapped dotted", "http://[::ffff:127.0.0.1]/"],
    ["mapped hex", "http://[::ffff:7f00:1]/"],
    ["compatible", "http://[::127.0.0.1]/"],
    ["NAT64", "http://[64:ff9b::169.254.169.254]/"],
    ["6to4", "http://[2002:7f00:1::]/"],
    ["Teredo", "http://[2001:0:4136:e378::1]/"],
    ["unique local", "http://[fd00:ec2::254]/"],
    ["link-local", "http://[fe80::1]/"],
    ["a zone", "http://[fe80::1%25eth0]/"],
    ["a bare zone", "http://[fe80::1%eth0]/"],
  ])("refuses IPv6: %s", (_what, url) => {
    expect(checkTargetUrl(url, []).ok).toBe(false);
  });

  it.each([
    "http://localhost/",
    "http://LOCALHOST:3000/",
    "http://localhost./",
    "http://a.localhost/",
    "http://a.localhost./",
  ])("refuses %s, and opens it where loopback is open", (url) => {
    expect(checkTargetUrl(url, [])).toEqual({ ok: false, reason: expect.stringMatching(/localhost is a loopback/) });
    expect(checkTargetUrl(url, ["127.0.0.0/8"]).ok).toBe(true);
    expect(checkTargetUrl(url, ["::1/128"]).ok).toBe(true);
    expect(checkTargetUrl(url, ["10.0.0.0/8"]).ok).toBe(false);
  });

  it.each(["http://127.0.0.1:4000/hook", "http://2130706433/", "http://[::ffff:127.0.0.1]/"])(
    "opens the literal %s where its range is open",
    (url) => {
      expect(checkTargetUrl(url, ["127.0.0.0/8"]).ok).toBe(true);
      expect(checkTargetUrl(url, ["10.0.0.0/8"]).ok).toBe(false);
    },
  );

  it.each([
    "ftp://shop.example/",
    "file:///etc/passwd",
    "gopher://8.8.8.8/",
    "javascript:alert(1)",
    "data:,x",
    "ws://a.b/",
  ])("refuses the scheme of %s", (url) => {
    expect(checkTargetUrl(url, ["0.0.0.0/0"])).toEqual({ ok: false, reason: expect.stringMatching(/http:\/\//) });
  });

  it.each(["https://user:pass@shop.example/", "https://user@shop.example/", "https://:pass@shop.example/"])(
    "refuses the credentials of %s",
    (url) => {
      expect(checkTargetUrl(url, [])).toEqual({ ok: false, reason: expect.stringMatching(/user name or password/) });
    },
  );

  it("looks at the host, not at what stands before an @", () => {
    expect(checkTargetUrl("http://8.8.8.8@127.0.0.1/", []).ok).toBe(false);
    expect(checkTargetUrl("http://8.8.8.8#@127.0.0.1/", []).ok).toBe(true);
    expect(checkTargetUrl("http://127.0.0.1\\@8.8.8.8/", []).ok).toBe(false);
  });

  it.each([
    "",
    "shop.example",
    "/webhook",
    "http://",
    "https://a b/",
    "http://256.1.1.1/",
    "http://a:99999/",
    "http://[::1/",
  ])("refuses what is no absolute URL: %j", (url) => {
    expect(checkTargetUrl(url, ["0.0.0.0/0"])).toEqual({ ok: false, reason: "the URL is not valid" });
  });
});

interface Looked {
  error: NodeJS.ErrnoException | null;
  address: string | LookupAddress[];
  family: number | undefined;
}

function look(lookup: ReturnType<typeof guardedLookup>, options: LookupOptions, host = "shop.test"): Promise<Looked> {
  return new Promise((done) => {
    lookup(host, options, (error, address, family) => done({ error, address, family }));
  });
}

function answering(...addresses: string[]) {
  return async () => addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
}

describe("guardedLookup", () => {
  it("hands on all public addresses, in order, when the socket asks for all", async () => {
    const lookup = guardedLookup([], answering("2606:4700::1", "8.8.8.8"));
    expect(await look(lookup, { all: true })).toMatchObject({
      error: null,
      address: [
        { address: "2606:4700::1", family: 6 },
        { address: "8.8.8.8", family: 4 },
      ],
    });
  });

  it("hands on the first public address when the socket asks for one", async () => {
    const lookup = guardedLookup([], answering("10.0.0.1", "8.8.8.8", "1.1.1.1"));
    expect(await look(lookup, {})).toEqual({ error: null, address: "8.8.8.8", family: 4 });
  });

  it.each([4, "IPv4"] as const)("hands on only the family that is asked for: %s", async (family) => {
    const lookup = guardedLookup([], answering("2606:4700::1", "8.8.8.8"));
    expect(await look(lookup, { family })).toEqual({ error: null, address: "8.8.8.8", family: 4 });
    expect((await look(lookup, { all: true, family })).address).toEqual([{ address: "8.8.8.8", family: 4 }]);
  });

  it("never hands on a private address that stands among public ones", async () => {
    const lookup = guardedLookup([], answering("127.0.0.1", "8.8.8.8", "::1", "::ffff:10.0.0.1"));
    expect((await look(lookup, { all: true })).address).toEqual([{ address: "8.8.8.8", family: 4 }]);
  });

  it.each([{ all: true }, {}])(
    "refuses a name that has only private addresses (%j), without naming them",
    async (options) => {
      const { error, address } = await look(guardedLookup([], answering("10.1.2.3", "fd00::1")), options);
      expect(error).toBeInstanceOf(BlockedAddressError);
      expect(error?.message).toBe("shop.test resolves to a private address");
      expect(address).toHaveLength(0);
    },
  );

  it("refuses what the resolver gives that is no address", async () => {
    expect((await look(guardedLookup([], answering("0x7f.1")), { all: true })).error).toBeInstanceOf(
      BlockedAddressError,
    );
  });

  it("opens resolved addresses in the ranges it is told to, and only those", async () => {
    const lookup = guardedLookup(["127.0.0.0/8"], answering("::1", "127.0.0.1", "10.0.0.1"));
    expect((await look(lookup, { all: true })).address).toEqual([{ address: "127.0.0.1", family: 4 }]);
  });

  it("judges every answer anew: a name that turns private after it was public is refused (rebinding)", async () => {
    const answers = [["8.8.8.8"], ["127.0.0.1"], ["8.8.8.8"], ["169.254.169.254"]];
    let asked = 0;
    const lookup = guardedLookup([], async () => {
      return (answers[asked++] ?? []).map((address) => ({ address, family: 4 }));
    });
    const seen = [];
    for (const _ of answers) seen.push((await look(lookup, { all: true })).error?.message ?? "open");
    expect(seen).toEqual([
      "open",
      "shop.test resolves to a loopback address",
      "open",
      "shop.test resolves to a link-local address",
    ]);
  });

  it("asks the resolver once for each connection, so what was checked is what is used", async () => {
    let asked = 0;
    const lookup = guardedLookup([], async () => {
      asked++;
      return [{ address: asked === 1 ? "8.8.8.8" : "127.0.0.1", family: 4 }];
    });
    expect((await look(lookup, { all: true })).address).toEqual([{ address: "8.8.8.8", family: 4 }]);
    expect(asked).toBe(1);
  });

  it("passes on a resolver's error, thrown or rejected, and reports a name without addresses", async () => {
    const gone = Object.assign(new Error("gone"), { code: "EAI_AGAIN" });
    expect(
      (
        await look(
          guardedLookup([], () => Promise.reject(gone)),
          {},
        )
      ).error,
    ).toBe(gone);
    const throwing = () => {
      throw gone;
    };
    expect((await look(guardedLookup([], throwing), {})).error).toBe(gone);
    expect((await look(guardedLookup([], answering()), { all: true })).error).toHaveProperty("code", "ENOTFOUND");
  });

  it("refuses localhost as the system resolves it", async () => {
    const { error } = await look(guardedLookup([]), { all: true }, "localhost");
    expect(error).toBeInstanceOf(BlockedAddressError);
  });
});

describe("assertConnectedAddress", () => {
  it("lets pass only a peer that is known and open", () => {
    expect(() => assertConnectedAddress("8.8.8.8", [])).not.toThrow();
    expect(() => assertConnectedAddress("127.0.0.1", ["127.0.0.0/8"])).not.toThrow();
    expect(() => assertConnectedAddress("127.0.0.1", [])).toThrow(BlockedAddressError);
    expect(() => assertConnectedAddress("::ffff:127.0.0.1", [])).toThrow(BlockedAddressError);
    expect(() => assertConnectedAddress(undefined, ["0.0.0.0/0", "::/0"])).toThrow(BlockedAddressError);
  });
});
