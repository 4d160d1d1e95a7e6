import { describe, expect, it } from "vitest";
import { ConfigurationError, PayoutAddressError, UsdtGateway } from "../src/index";
import type { PayoutAddressList } from "../src/payout-addresses";
import { invoice, rejection, startScript, TEST_KEY } from "./script-server";

const TRON = "TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy";
const EVM = "0xAbCdEf0123456789aBcDeF0123456789AbCdEf01";
const OTHER_EVM = "0x1111111111111111111111111111111111111111";
const OTHER_TRON = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";

/** Whether an invoice with this address is accepted; every way to get one is asked. */
async function accepts(payoutAddresses: PayoutAddressList, network: string, payoutAddress: string): Promise<boolean> {
  const seen = invoice({ network, payoutAddress });
  const pagination = { page: 1, limit: 20, total: 1, totalPages: 1, nextCursor: null };
  const single = await startScript({ body: seen });
  const list = await startScript({ body: { data: [seen], pagination } });
  const simulation = await startScript({ body: { id: "1", invoice: seen } });
  const { invoices, sandbox } = single.client({ payoutAddresses });
  const all = async () => {
    for await (const _ of list.client({ payoutAddresses }).invoices.list());
  };
  const results = await Promise.allSettled([
    invoices.create({ amountUsdt: "1" }),
    invoices.retrieve("1"),
    invoices.retrieveByReference("1"),
    invoices.cancel("1"),
    sandbox.triggerExpiry({ invoiceId: "1" }),
    simulation.client({ payoutAddresses }).sandbox.simulatePayment({ invoiceId: "1" }),
    list.client({ payoutAddresses }).invoices.list(),
    all(),
  ]);
  for (const result of results) {
    if (result.status === "fulfilled") continue;
    expect(result.reason).toBeInstanceOf(PayoutAddressError);
    expect(result.reason).toMatchObject({ payoutAddress, invoiceId: seen.id, code: "payout_address_unknown" });
    expect(result.reason.message).toContain(payoutAddress);
  }
  const outcomes = new Set(results.map(({ status }) => status));
  expect(outcomes.size).toBe(1);
  return outcomes.has("fulfilled");
}

describe("payoutAddresses", () => {
  it.each<[string, PayoutAddressList, string, string, boolean]>([
    ["a Tron wallet of the list", [TRON, EVM], "tron", TRON, true],
    ["another Tron wallet", [TRON, EVM], "tron", OTHER_TRON, false],
    ["an EVM wallet of the list, on either network", [EVM], "bsc", EVM, true],
    ["an EVM wallet in lower case", [EVM], "ethereum", EVM.toLowerCase(), true],
    ["a list in lower case", [EVM.toLowerCase()], "ethereum", EVM, true],
    ["another EVM wallet", [EVM], "ethereum", OTHER_EVM, false],
    ["no wallet of that network in the list", [EVM], "tron", TRON, false],
    ["a Tron wallet in another case, which is another address", [TRON], "tron", TRON.toLowerCase(), false],
    ["the network's wallet", { ethereum: EVM, bsc: OTHER_EVM }, "bsc", OTHER_EVM, true],
    ["one of the network's wallets", { ethereum: [OTHER_EVM, EVM] }, "ethereum", EVM, true],
    ["another network's wallet", { ethereum: EVM, bsc: OTHER_EVM }, "bsc", EVM, false],
    ["a network that is left out", { ethereum: EVM }, "bsc", EVM, false],
    ["a network that is not known yet", [EVM], "solana", EVM, false],
  ])("%s", async (_what, list, network, address, accepted) => {
    expect(await accepts(list, network, address)).toBe(accepted);
  });

  it.each<[string, unknown, RegExp]>([
    ["none", [], /empty/],
    ["none by network", {}, /empty/],
    ["an unset variable", [undefined], /undefined is neither/],
    ["what is cut", [EVM.slice(0, -1)], /neither a Tron/],
    ["an EVM address for Tron", { tron: EVM }, /no address on tron/],
    ["a Tron address for Ethereum", { ethereum: [TRON] }, /no address on ethereum/],
    ["a network that does not exist", { polygon: EVM }, /polygon/],
  ])("cannot be %s", (_what, payoutAddresses, message) => {
    const options = { baseUrl: "http://127.0.0.1:1", payoutAddresses: payoutAddresses as PayoutAddressList };
    expect(() => new UsdtGateway(TEST_KEY, options)).toThrow(ConfigurationError);
    expect(() => new UsdtGateway(TEST_KEY, options)).toThrow(message);
  });

  it("left out, every address is accepted", async () => {
    const { client } = await startScript({ body: invoice({ payoutAddress: OTHER_TRON }) });
    expect((await client().invoices.retrieve("1")).payoutAddress).toBe(OTHER_TRON);
    expect(await rejection(client({ payoutAddresses: [TRON] }).invoices.retrieve("1"))).toBeInstanceOf(
      PayoutAddressError,
    );
  });
});
