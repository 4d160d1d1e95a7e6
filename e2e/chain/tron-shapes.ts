import { keccak256, toHex } from "viem";
import { tronAddress } from "./tron-address";
import type { TronBlock, TronLedger, TronReceipt, TronTrace, TronTransaction } from "./tron-ledger";
import { contractTypes, type RawTransaction } from "./tron-raw-data";

/** Price of a unit of energy in sun (chain parameter getEnergyFee). */
export const energyPrice = 100;
/** Price of a byte of bandwidth in sun (chain parameter getTransactionFee). */
export const bytePrice = 10;
/** Bytes that a transaction costs beyond its raw data: field headers, one signature and 64 reserved for the result. */
const bandwidthOverhead = 3 + 67 + 64;

/** Block 0 has a sentence where the others have an address; it begins with an A, which is 41. */
const genesisWitness = Buffer.from(
  "A new system must allow existing systems to be linked together without requiring any central control or coordination",
).toString("hex");

/** A block as HTTP shows it; `{}` for one that is not known. */
export async function shownBlock(
  block: TronBlock | null,
  ledger: TronLedger,
  visible: boolean,
  detail = true,
): Promise<object> {
  if (!block) return {};
  const header = {
    // Protobuf leaves out what is 0, and block 0 has neither version, time nor signature.
    ...(block.number === 0 ? {} : { number: block.number }),
    txTrieRoot: block.txTrieRoot,
    witness_address: block.number === 0 ? genesisWitness : tronAddress(block.witness, visible),
    parentHash: block.parentId,
    ...(block.number === 0 ? {} : { version: 32, timestamp: block.timestamp * 1000 }),
  };
  const shell = {
    blockID: block.id,
    block_header: {
      raw_data: header,
      ...(block.number === 0 ? {} : { witness_signature: `${invented(block.id)}${invented(block.parentId)}01` }),
    },
  };
  if (!detail || block.transactions.length === 0) return shell;
  const transactions = block.transactions.map(async (tx) =>
    shownTransaction(tx, await resultOf(tx, block, ledger), visible),
  );
  return { ...shell, transactions: await Promise.all(transactions) };
}

/** 64 hex digits that stand for something nobody checks, the same for the same seed. */
export const invented = (seed: string) => keccak256(toHex(seed)).slice(2);

/** `contractRet`: how a transaction ended, in Tron's words. */
export async function resultOf(tx: TronTransaction, block: TronBlock | null, ledger: TronLedger): Promise<string> {
  if (!block) return "SUCCESS"; // So java-tron says of a transaction that still waits.
  const receipt = (await ledger.receipts(block))[tx.index];
  if (!receipt?.failed) return "SUCCESS";
  return (await ledger.traces(block))[tx.index]?.result ?? "UNKNOWN";
}

/** A transaction as it was signed, with its result. */
export function shownTransaction(tx: TronTransaction, contractRet: string, visible: boolean) {
  return {
    ret: [{ contractRet }],
    signature: [tx.signature],
    txID: tx.id,
    ...rawData(tx.raw, visible),
    raw_data_hex: tx.rawHex,
  };
}

/** The signed part as JSON, under the key `raw_data`. */
export function rawData(raw: RawTransaction, visible: boolean) {
  const owner_address = tronAddress(raw.from, visible);
  const sun = Number(raw.sun);
  const value = {
    call: () => ({
      data: raw.data,
      owner_address,
      contract_address: tronAddress(raw.to, visible),
      ...(sun ? { call_value: sun } : {}),
    }),
    transfer: () => ({ ...(sun ? { amount: sun } : {}), owner_address, to_address: tronAddress(raw.to, visible) }),
    create: () => ({ owner_address, new_contract: { bytecode: raw.data, origin_address: owner_address } }),
  }[raw.kind]();
  const { name } = contractTypes[raw.kind];
  return {
    raw_data: {
      contract: [{ parameter: { value, type_url: `type.googleapis.com/protocol.${name}` }, type: name }],
      ref_block_bytes: raw.refBlockBytes,
      ref_block_hash: raw.refBlockHash,
      expiration: raw.expiration,
      ...(raw.kind === "transfer" || raw.feeLimit === 0 ? {} : { fee_limit: raw.feeLimit }),
      timestamp: raw.timestamp,
    },
  };
}

/** What became of a transaction, with the fields in the order in which gettransactioninfobyid has them. */
export function shownInfo(
  block: TronBlock,
  tx: TronTransaction,
  receipt: TronReceipt | undefined,
  trace: TronTrace | undefined,
  visible: boolean,
) {
  const energy = tx.raw.kind === "transfer" ? 0 : (receipt?.energy ?? 0);
  const energyFee = energy * energyPrice;
  const bandwidth = tx.rawHex.length / 2 + bandwidthOverhead;
  // Each account has some free bandwidth a day: here it pays for its first transaction.
  const netFee = tx.nonce === 0 ? 0 : bandwidth * bytePrice;
  const contract = tx.raw.kind === "create" ? receipt?.created : tx.raw.to;
  const message = trace?.message ?? "";
  return {
    id: tx.id,
    ...(energyFee + netFee > 0 ? { fee: energyFee + netFee } : {}),
    blockNumber: block.number,
    blockTimeStamp: block.timestamp * 1000,
    contractResult: [trace?.output ?? ""],
    ...(tx.raw.kind === "transfer" || !contract ? {} : { contract_address: tronAddress(contract, visible) }),
    receipt: {
      ...(energy > 0 ? { energy_fee: energyFee, energy_usage_total: energy } : {}),
      ...(netFee > 0 ? { net_fee: netFee } : { net_usage: bandwidth }),
      ...(tx.raw.kind === "transfer" ? {} : { result: trace?.result ?? "SUCCESS" }),
    },
    ...(receipt?.logs.length ? { log: receipt.logs.map((log) => shownLog(log, visible)) } : {}),
    ...(receipt?.failed
      ? { result: "FAILED", resMessage: visible ? message : Buffer.from(message).toString("hex") }
      : {}),
    ...(trace?.internal.length
      ? {
          internal_transactions: trace.internal.map((call, index) => ({
            caller_address: tronAddress(call.from, visible),
            note: Buffer.from("call").toString("hex"),
            ...(call.rejected ? { rejected: true } : {}),
            transferTo_address: tronAddress(call.to, visible),
            callValueInfo: [call.sun > 0n ? { callValue: Number(call.sun) } : {}],
            hash: invented(`${tx.id} ${index}`),
          })),
        }
      : {}),
  };
}

/** `log.address` has no 41 before it; only the visible form is a whole Tron address. */
function shownLog(log: { address: string; topics: string[]; data: string }, visible: boolean) {
  return { address: visible ? tronAddress(log.address, true) : log.address, topics: log.topics, data: log.data };
}

/** gettransactioninfobyblocknum has the same fields in another order. */
export function shownInfoInBlock({
  id,
  contract_address,
  receipt,
  log,
  result,
  resMessage,
  internal_transactions,
  ...rest
}: ReturnType<typeof shownInfo>) {
  const { result: receiptResult, ...costs } = receipt;
  return {
    ...(result === undefined ? {} : { result }),
    ...(log === undefined ? {} : { log: log.map(({ address, topics, data }) => ({ address, data, topics })) }),
    ...rest,
    ...(resMessage === undefined ? {} : { resMessage }),
    receipt: { ...(receiptResult === undefined ? {} : { result: receiptResult }), ...costs },
    id,
    ...(contract_address === undefined ? {} : { contract_address }),
    ...(internal_transactions === undefined ? {} : { internal_transactions }),
  };
}
