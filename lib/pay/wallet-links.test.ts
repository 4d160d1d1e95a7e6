import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resetEnv } from "@/lib/env";
import { explorerUrl, paymentUri, walletLinks } from "./wallet-links";

const TO = "0x52908400098527886E0F7030069857D2E4169EE7";
const TRON_TO = "TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy";

describe("ERC-681", () => {
  it("names token, chain, recipient and base units as plain digits", () => {
    expect(paymentUri("ethereum", TO, 150_000_300n)).toBe(
      `ethereum:0xdAC17F958D2ee523a2206206994597C13D831ec7@1/transfer?address=${TO}&uint256=150000300`,
    );
    expect(paymentUri("bsc", TO, 1_000_000_000_000_000_000_000n)).toBe(
      `ethereum:0x55d398326f99059fF775485246999027B3197955@56/transfer?address=${TO}&uint256=1000000000000000000000`,
    );
  });

  it("is not offered on Tron, which has no such form", () => {
    expect(paymentUri("tron", TRON_TO, 1n)).toBeNull();
  });
});

describe("wallet links", () => {
  it("fill in recipient and amount where the wallet's format can", () => {
    const [metamask, trust] = walletLinks("ethereum", TO, 1_500_003n);
    expect(metamask).toEqual({
      wallet: "metamask",
      fills: true,
      url: `https://link.metamask.io/send/0xdAC17F958D2ee523a2206206994597C13D831ec7@1/transfer?address=${TO}&uint256=150000300`,
    });
    expect(trust?.url).toBe(
      `https://link.trustwallet.com/send?asset=c60_t0xdAC17F958D2ee523a2206206994597C13D831ec7&address=${TO}&amount=150.0003`,
    );
  });

  it("on Tron: Trust Wallet filled in, TronLink opened", () => {
    const links = walletLinks("tron", TRON_TO, 10_000n);
    expect(links.map(({ wallet, fills }) => [wallet, fills])).toEqual([
      ["tronlink", false],
      ["trust", true],
    ]);
    expect(links[1]?.url).toContain("asset=c195_tTR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t");
    expect(links[0]?.url).toMatch(/^tronlinkoutside:\/\/pull\.activity\?param=%7B/);
  });
});

describe("on a chain of one's own", () => {
  beforeAll(() => {
    process.env.ETHEREUM_CHAIN_ID = "31337";
    resetEnv();
  });
  afterAll(() => {
    delete process.env.ETHEREUM_CHAIN_ID;
    resetEnv();
  });

  it("there is no explorer, and no wallet that knows only the main networks", () => {
    expect(explorerUrl("ethereum", "0xabc")).toBeNull();
    expect(walletLinks("ethereum", TO, 1n).map(({ wallet }) => wallet)).toEqual(["metamask"]);
  });
});

describe("explorers", () => {
  it("show the transaction of each network", () => {
    expect(explorerUrl("ethereum", "0xabc")).toBe("https://etherscan.io/tx/0xabc");
    expect(explorerUrl("bsc", "0xabc")).toBe("https://bscscan.com/tx/0xabc");
    expect(explorerUrl("tron", "abc")).toBe("https://tronscan.org/#/transaction/abc");
  });
});
