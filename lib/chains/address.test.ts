import { afterEach, describe, expect, it } from "vitest";
import { NETWORKS, resetEnv } from "@/lib/env";
import { contractKey, formatAddress, parseAddress } from "./address";

// https://eips.ethereum.org/EIPS/eip-55, "Test Cases".
const EIP55 = {
  "all caps": ["0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D"],
  "all lower": ["0xde709f2102306220921060314715629080e2fb77", "0x27b1fdb04752bbc536007a920d24acb045561c26"],
  mixed: [
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
  ],
};
// The token's contract in both spellings: chains.md §1 (measured); others from java-tron's recorded answers.
const TRON_CONTRACT = {
  address: "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
  key: "0xa614f803b6fd780986a42c78ec9c7f77e6ded13c",
};
const TRON_ZERO = "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb";
const TRON_WALLET = "TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf";

const refusal = (parsed: ReturnType<typeof parseAddress>) => {
  if (parsed.ok) throw new Error(`accepted ${parsed.address}`);
  return parsed.message;
};

afterEach(() => {
  delete process.env.ETHEREUM_USDT_CONTRACT;
  resetEnv();
});

describe.each(["ethereum", "bsc"] as const)("parseAddress on %s", (network) => {
  it.each(EIP55.mixed)("keeps the checksummed address %s as it is written", (address) => {
    expect(parseAddress(network, address)).toEqual({ ok: true, address, key: address.toLowerCase() });
  });

  it.each([...EIP55["all caps"], ...EIP55["all lower"]])("takes %s, which carries no checksum", (address) => {
    expect(parseAddress(network, address)).toEqual({ ok: true, address, key: address.toLowerCase() });
  });

  it.each(EIP55.mixed)("gives one key for every spelling of %s, and an address that wallets take", (address) => {
    const digits = address.slice(2);
    const spellings = [digits.toLowerCase(), digits.toUpperCase(), digits].flatMap((text) => [
      `0x${text}`,
      `0X${text}`,
    ]);
    for (const spelling of [...spellings, ` ${address}\n`]) {
      const parsed = parseAddress(network, spelling);
      expect(parsed).toMatchObject({ ok: true, key: address.toLowerCase() });
      expect(parsed.ok && parsed.address).toMatch(/^0x[0-9a-fA-F]{40}$/);
      expect(parsed.ok && [address, address.toLowerCase()]).toContain(parsed.ok && parsed.address);
    }
  });

  it.each(EIP55.mixed)("refuses %s with any one letter in the other case", (address) => {
    for (let i = 2; i < address.length; i++) {
      const letter = address[i] ?? "";
      const other = letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase();
      if (other === letter) continue;
      expect(refusal(parseAddress(network, address.slice(0, i) + other + address.slice(i + 1)))).toMatch(/checksum/);
    }
  });

  it("says so when it is given a Tron address", () => {
    expect(refusal(parseAddress(network, TRON_WALLET))).toMatch(/Tron/);
  });

  it("refuses the zero address and the token's own contract, however it is spelled", () => {
    expect(refusal(parseAddress(network, `0x${"0".repeat(40)}`))).toMatch(/zero/);
    const contract = formatAddress(network, contractKey(network));
    for (const spelling of [contract, contract.toLowerCase(), `0x${contract.slice(2).toUpperCase()}`]) {
      expect(refusal(parseAddress(network, spelling))).toMatch(/USDT contract/);
    }
  });

  it.each([
    "",
    "0x",
    "hello",
    `0x${"1".repeat(39)}`,
    `0x${"1".repeat(41)}`,
    `0x${"g".repeat(40)}`,
    "1".repeat(40),
    "vitalik.eth",
    "0".repeat(100_000),
  ])("refuses %.50j", (text) => expect(refusal(parseAddress(network, text))).toMatch(/0x/));
});

describe("parseAddress on tron", () => {
  it("takes base58check and gives the 20 bytes that logs carry", () => {
    const parsed = parseAddress("tron", ` ${TRON_WALLET} `);
    expect(parsed).toMatchObject({ ok: true, address: TRON_WALLET, key: expect.stringMatching(/^0x[0-9a-f]{40}$/) });
    expect(formatAddress("tron", parsed.ok ? parsed.key : "")).toBe(TRON_WALLET);
    expect(contractKey("tron")).toBe(TRON_CONTRACT.key);
    expect(formatAddress("tron", TRON_CONTRACT.key)).toBe(TRON_CONTRACT.address);
  });

  it("refuses any one wrong character, and any two that changed places", () => {
    const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    for (let i = 1; i < TRON_WALLET.length; i++) {
      const letter = alphabet[(alphabet.indexOf(TRON_WALLET[i] ?? "") + 1 + i) % alphabet.length] ?? "1";
      if (letter === TRON_WALLET[i]) continue;
      const wrong = TRON_WALLET.slice(0, i) + letter + TRON_WALLET.slice(i + 1);
      expect(refusal(parseAddress("tron", wrong))).toMatch(/checksum/);
      const [a, b] = [TRON_WALLET[i], TRON_WALLET[i + 1]];
      if (b === undefined || a === b) continue;
      const swapped = TRON_WALLET.slice(0, i) + b + a + TRON_WALLET.slice(i + 2);
      expect(refusal(parseAddress("tron", swapped))).toMatch(/checksum/);
    }
  });

  it("says so when it is given an address of the other networks", () => {
    for (const address of [...EIP55.mixed, ...EIP55["all caps"]]) {
      expect(refusal(parseAddress("tron", address))).toMatch(/Ethereum or BNB/);
    }
  });

  it("refuses the zero address and the token's own contract", () => {
    expect(refusal(parseAddress("tron", TRON_ZERO))).toMatch(/zero/);
    expect(refusal(parseAddress("tron", TRON_CONTRACT.address))).toMatch(/USDT contract/);
  });

  it.each([
    "",
    "T",
    TRON_WALLET.slice(0, 33),
    `${TRON_WALLET}x`,
    TRON_WALLET.toLowerCase(),
    `41${"a6".repeat(20)}`,
    `T${"0".repeat(33)}`,
  ])("refuses %j", (text) => expect(refusal(parseAddress("tron", text))).toMatch(/T/));
});

describe("contractKey", () => {
  it("names the variable when the operator's contract has a wrong checksum", () => {
    process.env.ETHEREUM_USDT_CONTRACT = "0xDAC17F958D2ee523a2206206994597C13D831ec7";
    resetEnv();
    expect(() => contractKey("ethereum")).toThrow(/^ETHEREUM_USDT_CONTRACT .*checksum/);
  });

  it("is a different 20 bytes on each network", () => {
    expect(new Set(NETWORKS.map(contractKey)).size).toBe(NETWORKS.length);
  });
});
