import { toFunctionSelector } from "viem";
import { evmAddress, fromBase58Check, plainHex, toBase58Check, tronAddress } from "./tron-address";
import { feeLimit, type TronBlock, type TronLedger, type TronView, toSun } from "./tron-ledger";
import { encodeRawData, type RawTransaction } from "./tron-raw-data";
import {
  bytePrice,
  energyPrice,
  invented,
  rawData,
  resultOf,
  shownBlock,
  shownInfo,
  shownInfoInBlock,
  shownTransaction,
} from "./tron-shapes";

/** What an HTTP call asks for: fields of the body or of the query, and the body's text for error positions. */
export interface WalletRequest {
  fields: Record<string, unknown>;
  text: string;
  /** GET: values are text and are read as Java reads them. */
  fromQuery: boolean;
}

/** An answer under `{"Error": …}`, which java-tron gives with status 200. */
export class WalletError extends Error {
  override readonly name = "WalletError";
}

type Handler = (request: WalletRequest, context: { ledger: TronLedger; view: TronView; visible: boolean }) => unknown;

/** `/wallet/NAME` and `/walletsolidity/NAME` by name. What a solidity view must not know, its view hides. */
export const walletHandlers: Record<string, Handler> = {
  // The one call that takes no notice of `visible`.
  getnowblock: async (_, { ledger, view }) => shownBlock(await ledger.block(await view.head()), ledger, false),

  getblockbynum: async (request, { ledger, view, visible }) =>
    shownBlock(await visibleBlock(readNumber(request, "num"), ledger, view), ledger, visible),

  getblockbyid: async (request, { ledger, view, visible }) => {
    const block = await ledger.blockById(readHex(request, "value"));
    return shownBlock(block && block.number <= (await view.head()) ? block : null, ledger, visible);
  },

  getblock: async (request, { ledger, view, visible }) => {
    const wanted = request.fields.id_or_num;
    const head = await view.head();
    let block: TronBlock | null;
    if (wanted === undefined || wanted === "") block = await ledger.block(head);
    else if (/^-?\d{1,19}$/.test(String(wanted))) {
      if (Number(wanted) < 0) throw new WalletError("num must be non-positive number.");
      block = await visibleBlock(Number(wanted), ledger, view);
    } else {
      const id = String(wanted).toLowerCase();
      // An id whose first eight bytes are no height of this chain is refused like any other text.
      const known = /^[0-9a-f]{64}$/.test(id) && Number.parseInt(id.slice(0, 16), 16) <= head;
      if (!known) throw new WalletError("id must be legal block hash.");
      block = await ledger.blockById(id);
    }
    const detail = request.fields.detail === true || request.fields.detail === "true";
    return shownBlock(block, ledger, visible, detail);
  },

  getblockbylimitnext: async (request, { ledger, view, visible }) => {
    const start = readNumber(request, "startNum");
    const end = readNumber(request, "endNum");
    if (start < 0 || end <= start || end - start > 100) return {};
    const last = Math.min(end - 1, await view.head());
    return {
      block: await Promise.all((await ledger.blocks(start, last)).map((one) => shownBlock(one, ledger, visible))),
    };
  },

  getblockbylatestnum: async (request, { ledger, view, visible }) => {
    const count = readNumber(request, "num");
    if (count <= 0 || count >= 100) return {};
    const head = await view.head();
    const found = await ledger.blocks(Math.max(0, head - count + 1), head);
    return { block: await Promise.all(found.map((one) => shownBlock(one, ledger, visible))) };
  },

  gettransactioninfobyblocknum: async (request, { ledger, view, visible }) => {
    const number = readNumber(request, "num");
    if (number === 0) return {};
    const block = await visibleBlock(number, ledger, view);
    if (!block) return [];
    const [receipts, traces] = await Promise.all([ledger.receipts(block), ledger.traces(block)]);
    return block.transactions.map((tx, index) =>
      shownInfoInBlock(shownInfo(block, tx, receipts[index], traces[index], visible)),
    );
  },

  gettransactioninfobyid: async (request, { ledger, view, visible }) => {
    const found = await ledger.transaction(readHex(request, "value"));
    if (!found?.block || found.block.number > (await view.head())) return {};
    const { block, tx } = found;
    const [receipts, traces] = await Promise.all([ledger.receipts(block), ledger.traces(block)]);
    return shownInfo(block, tx, receipts[tx.index], traces[tx.index], visible);
  },

  gettransactionbyid: async (request, { ledger, view, visible }) => {
    const found = await ledger.transaction(readHex(request, "value"));
    if (!found || (found.block?.number ?? Number.POSITIVE_INFINITY) > (await knownTo(view, ledger))) return {};
    return shownTransaction(found.tx, await resultOf(found.tx, found.block, ledger), visible);
  },

  gettransactionfrompending: async (request, { ledger, visible }) => {
    const found = await ledger.transaction(readHex(request, "value"));
    return found && !found.block ? shownTransaction(found.tx, "SUCCESS", visible) : {};
  },

  gettransactioncountbyblocknum: async (request, { ledger, view }) => {
    const block = await visibleBlock(readNumber(request, "num"), ledger, view);
    return { count: block?.transactions.length ?? 0 };
  },

  getaccount: async (request, { ledger, visible }) => {
    const address = readAddress(request, "address");
    const sun = toSun(await ledger.rpc<string>("eth_getBalance", [`0x${address}`, "latest"]));
    return sun === 0n ? {} : { address: tronAddress(address, visible), balance: Number(sun) };
  },

  getcontract: async (request, { ledger, visible }) => {
    const address = readAddress(request, "value");
    const code = await ledger.rpc<string>("eth_getCode", [`0x${address}`, "latest"]);
    return code === "0x" ? {} : { bytecode: plainHex(code), contract_address: tronAddress(address, visible) };
  },

  validateaddress: (request) => {
    const address = String(request.fields.address ?? "");
    if (/^41[0-9a-f]{40}$/i.test(address)) return { result: true, message: "Hex string format" };
    const valid = address.startsWith("T") && fromBase58Check(address)?.length === 42;
    return valid ? { result: true, message: "Base58check format" } : { result: false, message: "Invalid address" };
  },

  triggerconstantcontract: (request, { ledger, visible }) => constantCall(request, ledger, visible),

  getchainparameters: () => ({ chainParameter: chainParameters }),

  getnodeinfo: async (_, { ledger, view }) => nodeInfo(ledger, view),
};

/** A waiting transaction is shown by the face that knows the head, and by that only. */
async function knownTo(view: TronView, ledger: TronLedger): Promise<number> {
  const known = await view.head();
  return known >= (await ledger.head()) ? Number.POSITIVE_INFINITY : known;
}

async function visibleBlock(number: number, ledger: TronLedger, view: TronView): Promise<TronBlock | null> {
  return number <= (await view.head()) ? ledger.block(number) : null;
}

interface CallTrace {
  gasUsed: string;
  output?: string;
  error?: string;
  logs?: { address: string; topics: string[]; data: string }[];
}

/** A call that changes nothing. A revert is still `result: true`; the logs of a reverted call are shown. */
async function constantCall(request: WalletRequest, ledger: TronLedger, visible: boolean) {
  const from = readAddress(request, "owner_address");
  const to = readAddress(request, "contract_address");
  const code = await ledger.rpc<string>("eth_getCode", [`0x${to}`, "latest"]);
  if (code === "0x") {
    const message = "Smart contract is not exist.";
    const shownMessage = visible ? message : Buffer.from(message).toString("hex");
    return { result: { code: "CONTRACT_VALIDATE_ERROR", message: shownMessage } };
  }
  const selector = request.fields.function_selector;
  const data = selector
    ? plainHex(toFunctionSelector(String(selector))) + plainHex(String(request.fields.parameter ?? ""))
    : plainHex(String(request.fields.data ?? ""));
  const call = { from: `0x${from}`, to: `0x${to}`, data: `0x${data}` };
  const tracer = { tracer: "callTracer", tracerConfig: { withLog: true } };
  const trace = await ledger.rpc<CallTrace>("debug_traceCall", [call, "latest", tracer]);
  const solid = (await ledger.block(Math.max(0, (await ledger.head()) - 20))) as TronBlock;
  const raw: RawTransaction = {
    ...{ kind: "call", from, to, data, sun: 0n, feeLimit: 0 },
    refBlockBytes: solid.id.slice(12, 16),
    refBlockHash: solid.id.slice(16, 32),
    expiration: (solid.timestamp + 120) * 1000,
    timestamp: Date.now(),
  };
  const rawHex = encodeRawData(raw);
  const output = plainHex(trace.output ?? "");
  return {
    result: { result: true, ...(trace.error ? { message: revertText(visible) } : {}) },
    energy_used: Math.max(1, Number(trace.gasUsed) - 21_000),
    constant_result: [output === "" && data.startsWith("a9059cbb") && !trace.error ? "0".repeat(64) : output],
    ...(trace.logs?.length
      ? {
          // Here java-tron encodes the 20 bytes without 41 in base58, which is no address of anybody.
          logs: trace.logs.map((log) => ({
            address: visible ? toBase58Check(plainHex(log.address)) : plainHex(log.address),
            data: plainHex(log.data),
            topics: log.topics.map(plainHex),
          })),
        }
      : {}),
    transaction: {
      ret: [trace.error ? { ret: "FAILED" } : {}],
      visible,
      txID: invented(rawHex),
      ...rawData(raw, visible),
      raw_data_hex: rawHex,
    },
  };
}

const revertText = (visible: boolean) =>
  visible ? "REVERT opcode executed" : Buffer.from("REVERT opcode executed").toString("hex");

/** The first of the chain's parameters, and those of energy and bandwidth; protobuf leaves out a value of 0. */
const chainParameters = [
  { key: "getMaintenanceTimeInterval", value: 21_600_000 },
  { key: "getAccountUpgradeCost", value: 9_999_000_000 },
  { key: "getCreateAccountFee", value: 100_000 },
  { key: "getTransactionFee", value: bytePrice },
  { key: "getEnergyFee", value: energyPrice },
  { key: "getMaxCpuTimeOfOneTx", value: 50 },
  { key: "getAllowTransactionFeePool" },
  { key: "getMaxFeeLimit", value: feeLimit },
  { key: "getAllowHigherLimitForMaxCpuTimeOfOneTx", value: 1 },
  { key: "getMemoFee" },
];

/** A number field: JSON numbers in a body, decimal text in a query, 0 when it is left out. */
function readNumber({ fields, text, fromQuery }: WalletRequest, name: string): number {
  const value = fields[name];
  if (value === undefined) return 0;
  if (fromQuery) {
    if (/^-?\d+$/.test(String(value))) return Number(value);
    throw new WalletError(`class java.lang.NumberFormatException : For input string: "${value}"`);
  }
  if (typeof value === "number" && Number.isInteger(value)) return value;
  const place = parsePlace(text, name);
  const read = JSON.stringify(value);
  throw new WalletError(`${parseException} : ${place}: Couldn't parse integer: For input string: "${read}"`);
}

/** A field of bytes in hex, with or without 0x before it. */
function readHex({ fields, text }: WalletRequest, name: string): string {
  const hex = plainHex(String(fields[name] ?? ""));
  if (/^([0-9a-f]{2})*$/.test(hex)) return hex;
  throw new WalletError(`${parseException} : ${parsePlace(text, name)}: INVALID hex String`);
}

function readAddress({ fields, text }: WalletRequest, name: string): string {
  const address = evmAddress(String(fields[name] ?? ""));
  if (address) return address;
  throw new WalletError(`${parseException} : ${parsePlace(text, name)}: INVALID hex String`);
}

const parseException = "class org.tron.core.services.http.JsonFormat$ParseException";

/** Where a field's value begins: `line:column`, as the node's parser counts. */
function parsePlace(text: string, name: string): string {
  const found = new RegExp(`"${name}"\\s*:\\s*`).exec(text);
  return `1:${found ? found.index + found[0].length + 1 : 1}`;
}

async function nodeInfo(ledger: TronLedger, view: TronView) {
  const [head, finalized] = await Promise.all([view.head(), view.finalized()]);
  const [top, solid] = await Promise.all([ledger.block(head), ledger.block(finalized)]);
  return {
    activeConnectCount: 0,
    beginSyncNum: finalized,
    block: `Num:${head},ID:${top?.id ?? ""}`,
    cheatWitnessInfoMap: {},
    configNodeInfo: {
      ...{ activeNodeSize: 0, allowAdaptiveEnergy: 0, allowCreationOfContracts: 1, backupListenPort: 0 },
      ...{ backupMemberSize: 0, backupPriority: 8, codeVersion: "4.8.0", dbVersion: 2, discoverEnable: false },
      ...{ listenPort: 18888, maxConnectCount: 30, maxTimeRatio: 5, minParticipationRate: 0 },
      // A node that shows logs of transactions that ran out of time says so here.
      minTimeRatio: [...ledger.outOfTime.values()].includes("logs") ? 0.6 : 0,
      ...{ p2pVersion: "202511", passiveNodeSize: 0, sameIpMaxConnectCount: 2, sendNodeSize: 0 },
      ...{ supportConstant: true, versionNum: "18631" },
    },
    currentConnectCount: 0,
    machineInfo: {},
    passiveConnectCount: 0,
    peerList: [],
    solidityBlock: `Num:${finalized},ID:${solid?.id ?? ""}`,
    totalFlow: 0,
  };
}
