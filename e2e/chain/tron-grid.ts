import { decodeEventLog, type Hex, keccak256, toHex } from "viem";
import { tronGridRefusals } from "./provider-refusals";
import { toQuantity } from "./rpc";
import { tokenAbi } from "./token";
import { evmAddress, plainHex, tronAddress } from "./tron-address";
import type { TronLedger, TronView } from "./tron-ledger";

/** TronGrid's quotas. A refusal bans the caller for some seconds, during which every call is refused. */
export interface TronGridOptions {
  /** Keys that exist; a call with another one is refused. */
  keys?: readonly string[];
  /** Calls a second without a key and with one. Default 3 and 15. */
  perSecondWithoutKey?: number;
  perSecond?: number;
  /** Default 30. */
  suspendSeconds?: number;
}

/** What a caller over the quota gets. */
export interface GateRefusal {
  status: number;
  body: { Error: string };
}

/** Watches over the quotas; gives null for a call that may pass. */
export function createGate(options: TronGridOptions): (key: string | undefined) => GateRefusal | null {
  const { perSecond = 15, perSecondWithoutKey = 3, suspendSeconds = 30 } = options;
  const callers = new Map<string, { calls: number[]; suspendedUntil: number }>();
  return (key) => {
    if (key !== undefined && !options.keys?.includes(key)) return tronGridRefusals.badKey();
    const now = performance.now();
    const caller = callers.get(key ?? "") ?? { calls: [], suspendedUntil: 0 };
    callers.set(key ?? "", caller);
    if (now >= caller.suspendedUntil) {
      caller.calls = caller.calls.filter((at) => now - at < 1000);
      caller.calls.push(now);
      if (caller.calls.length <= (key === undefined ? perSecondWithoutKey : perSecond)) return null;
      caller.suspendedUntil = now + suspendSeconds * 1000;
    }
    const left = Math.ceil((caller.suspendedUntil - now) / 1000);
    return key === undefined ? tronGridRefusals.noKeyLimit(left) : tronGridRefusals.keyLimit(left);
  };
}

interface EvmLog {
  address: string;
  topics: [Hex, ...Hex[]];
  data: Hex;
  blockNumber: Hex;
  blockTimestamp: Hex;
  transactionHash: Hex;
  logIndex: Hex;
}

/** What an events page is made from. */
export interface EventsContext {
  ledger: TronLedger;
  view: TronView;
  solid: TronView;
  /** Whether pages say where the next one begins; TronGrid's do not for USDT (TRON-US/trongrid#23). */
  fingerprints: boolean;
  /** Base URL for `links.next`. */
  url: string;
}

/** `/v1/contracts/{address}/events`: newest first, 20 a page and 200 at most, as TronGrid. */
export async function contractEvents(address: string, query: URLSearchParams, context: EventsContext) {
  const contract = evmAddress(address);
  if (!contract) return { success: false, error: "Invalid contract address provided", statusCode: 400 };
  const limit = Math.min(Math.max(1, Number(query.get("limit") ?? 20) || 20), 200);
  const confirmedOnly = query.get("only_confirmed") === "true";
  const head = await (confirmedOnly ? context.solid : context.view).head();
  const logs = await context.ledger.rpc<EvmLog[]>("eth_getLogs", [
    { address: `0x${contract}`, fromBlock: "0x0", toBlock: toQuantity(head) },
  ]);
  const events = readEvents(logs)
    .filter((event) => selected(event, query))
    .sort((one, other) => one.block_timestamp - other.block_timestamp || one.order - other.order);
  if (!(query.get("order_by") ?? "").endsWith("asc")) events.reverse();
  const fingerprint = query.get("fingerprint");
  const start = fingerprint ? events.findIndex((event) => fingerprintOf(event) === fingerprint) + 1 : 0;
  const page = events.slice(start, start + limit);
  const last = page.at(-1);
  const more = context.fingerprints && last && start + limit < events.length;
  return {
    data: page.map(({ order: _order, ...event }) => event),
    success: true,
    meta: {
      at: Date.now(),
      ...(more
        ? { fingerprint: fingerprintOf(last), links: { next: nextLink(context.url, address, query, last) } }
        : {}),
      page_size: page.length,
    },
  };
}

type TronEvent = ReturnType<typeof readEvents>[number];

function readEvents(logs: EvmLog[]) {
  const seen = new Map<string, number>();
  return logs.flatMap((log) => {
    // Unlike the block-wide logIndex, event_index counts within the transaction.
    const eventIndex = seen.get(log.transactionHash) ?? 0;
    seen.set(log.transactionHash, eventIndex + 1);
    const event = decode(log);
    if (!event) return [];
    const contract = tronAddress(log.address, true);
    return [
      {
        order: Number(log.blockNumber) * 1e6 + Number(log.logIndex),
        block_number: Number(log.blockNumber),
        block_timestamp: Number(log.blockTimestamp) * 1000,
        caller_contract_address: contract,
        contract_address: contract,
        event_index: eventIndex,
        event_name: event.name,
        result: event.result,
        result_type: event.types,
        event: event.signature,
        transaction_id: plainHex(log.transactionHash),
      },
    ];
  });
}

function decode(log: EvmLog) {
  try {
    const { eventName, args } = decodeEventLog({ abi: tokenAbi, topics: log.topics, data: log.data });
    const fields = Object.entries(args).map(([name, value]) => [name, String(value).toLowerCase()] as const);
    const types = Object.fromEntries(fields.map(([name]) => [name, name === "value" ? "uint256" : "address"]));
    const positions = fields.map(([, value], index) => [String(index), value] as const);
    const list = fields.map(([name]) => `${types[name]}${name === "value" ? "" : " indexed"} ${name}`).join(", ");
    return {
      name: eventName,
      result: Object.fromEntries([...positions, ...fields]),
      types,
      signature: `${eventName}(${list})`,
    };
  } catch {
    return null;
  }
}

function selected(event: TronEvent, query: URLSearchParams): boolean {
  const number = (name: string) => (query.has(name) ? Number(query.get(name)) : undefined);
  const name = query.get("event_name");
  const from = number("min_block_timestamp");
  const to = number("max_block_timestamp");
  const block = number("block_number");
  return (
    (!name || event.event_name === name) &&
    (from === undefined || event.block_timestamp >= from) &&
    (to === undefined || event.block_timestamp <= to) &&
    (block === undefined || event.block_number === block)
  );
}

const fingerprintOf = (event: TronEvent) =>
  keccak256(toHex(`${event.transaction_id} ${event.event_index}`)).slice(2) + event.block_timestamp.toString(36);

function nextLink(url: string, address: string, query: URLSearchParams, last: TronEvent): string {
  const next = new URLSearchParams(query);
  next.set("fingerprint", fingerprintOf(last));
  return `${url}/v1/contracts/${address}/events?${next}`;
}
