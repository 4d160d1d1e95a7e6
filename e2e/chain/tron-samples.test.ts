import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ReducedSample,
  readRecorded,
  readReduced,
  recordedFolder,
  reduceSamples,
} from "@/e2e/chain/samples/reduce";
import { type Shape, shapeOf, withoutKeys } from "@/e2e/chain/samples/shape";
import { encodeRawData } from "./tron-raw-data";
import { buildSamplesWorld, type Moment, type SamplesWorld } from "./tron-samples-world";

/** Recordings that the emulator does not answer alike, and why. */
const notCovered: Record<string, string> = {
  "jsonrpc-web3_clientVersion": "fails on that node only, because it ran on JDK 17; here the answer of JDK 8",
};

/** What a recording holds that no chain here can have. The rest of it is compared. */
const leftOut: Record<string, { keys: string[]; reason: string }> = {
  ...Object.fromEntries(
    ["wallet-getblockbynum-genesis", "wallet-getblockbynum-nothing", "jsonrpc-eth_getBlockByNumber-earliest"].map(
      (name) => [
        name,
        { keys: ["transactions", "txTrieRoot", "transactionsRoot"], reason: "anvil's block 0 hands out nothing" },
      ],
    ),
  ),
  "wallet-getnodeinfo": {
    keys: ["peerList", "currentConnectCount", "passiveConnectCount"],
    reason: "the recorded node had a neighbour",
  },
};

const samples = readReduced();

interface Replayed {
  status: number;
  contentType: string | null;
  response: unknown;
}
const replayed: Record<string, Replayed> = {};
let world: SamplesWorld | undefined;

beforeAll(async () => {
  world = await buildSamplesWorld(async (moment, chain) => {
    for (const [name, sample] of Object.entries(samples)) {
      if (momentOf(name) === moment && !notCovered[name]) replayed[name] = await replay(name, sample, chain);
    }
  });
});
afterAll(() => world?.stop());

/** The recordings of the HTTP API were made at height 131, those of JSON-RPC at 133. */
function momentOf(name: string): Moment {
  if (/waiting|frompending/.test(name)) return "one waits";
  return /^jsonrpc-|not-solid-transfer|gettransaction(info)?byid-not-solid/.test(name) ? "head 133" : "head 131";
}

/** Asks what the recorded client asked, with the ids of the chain here. */
async function replay(name: string, sample: ReducedSample, chain: SamplesWorld): Promise<Replayed> {
  const node = sample.server?.startsWith("a node that received") ? chain.follower : chain.maker;
  const base = sample.server?.startsWith("solidity") ? node.solidityUrl : node.url;
  const { method, path } = sample.request;
  const asked = longBodies[name] ?? sample.request.body;
  const text = typeof asked === "string" ? asked : JSON.stringify(asked);
  const response = await fetch(base + path, {
    method,
    headers: { "content-type": name.includes("text-plain") ? "text/plain" : "application/json" },
    body: method === "GET" ? undefined : ((await translated(text ?? "", chain)) as BodyInit),
  });
  const body = await response.text();
  return {
    status: response.status,
    contentType: response.headers.get("content-type"),
    response: recordedForm(name, parsed(body)),
  };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

/** Two answers were cut or summed up when they were recorded. */
function recordedForm(name: string, response: unknown): unknown {
  if (name !== "jsonrpc-batch-101") return response;
  const answers = response as unknown[];
  return { length: answers.length, "first two": answers.slice(0, 2) };
}

/** Request bodies too long to be kept. */
const longBodies: Record<string, unknown> = {
  "jsonrpc-batch-101": Array.from({ length: 101 }, (_, id) => ({
    jsonrpc: "2.0",
    id,
    method: "eth_chainId",
    params: [],
  })),
  "jsonrpc-eth_getLogs-many-topics": {
    jsonrpc: "2.0",
    id: 1,
    method: "eth_getLogs",
    params: [
      {
        fromBlock: "0x66",
        toBlock: "0x66",
        topics: [null, null, Array.from({ length: 1001 }, (_, value) => `0x${value.toString(16).padStart(64, "0")}`)],
      },
    ],
  },
};

/** Recorded transaction and block ids become those of the chain here, and one function of the token has another name. */
async function translated(text: string, chain: SamplesWorld): Promise<string> {
  let out = text.replace("logThenRevert(", "transferThenRevert(");
  for (const [theirs, ours] of chain.transactions) out = out.replaceAll(theirs, ours);
  for (const id of new Set(out.match(/(?<![0-9a-f])0{14}(?!00)[0-9a-f]{50}(?![0-9a-f])/g) ?? [])) {
    // An id with an invented tail stays as it is: it is to be unknown here too.
    if (!id.includes("abababab")) out = out.replaceAll(id, await chain.blockId(Number.parseInt(id.slice(0, 16), 16)));
  }
  return out;
}

describe("the emulator answers as the recorded node did", () => {
  const covered = Object.keys(samples).filter((name) => !notCovered[name]);

  it.each(covered)("%s: same status, content type, fields, types, formats and messages", (name) => {
    const recorded = samples[name] as ReducedSample;
    const answer = replayed[name] as Replayed;
    expect({ status: answer.status, contentType: answer.contentType }).toEqual({
      status: recorded.status,
      contentType: recorded.contentType,
    });
    const keys = leftOut[name]?.keys ?? [];
    const strip = (shape: Shape) => withoutKeys(shape, keys);
    expect(strip(shapeOf(answer.response))).toEqual(strip(recorded.shape));
  });

  it("covers every recording or says why not, and lists none that is gone", () => {
    expect(Object.keys(samples).length).toBeGreaterThanOrEqual(223);
    expect(Object.keys(notCovered).filter((name) => !samples[name])).toEqual([]);
    expect(Object.keys(leftOut).filter((name) => !samples[name])).toEqual([]);
    expect(covered.filter((name) => !replayed[name])).toEqual([]);
  });
});

describe("raw_data_hex", () => {
  it("is the protobuf encoding of a recorded transfer, byte by byte", () => {
    const raw = {
      kind: "call",
      from: "ad0f29a5f48b3c311ae391499fb50f13444c46ca",
      to: "fee369236c5a91a3c75c2ec903a5c4671e15ec62",
      data: `a9059cbb${"0".repeat(24)}8f5845cf87e3e4a49f7a1354e8b5a3e74270fa60${"9a7888".padStart(64, "0")}`,
      sun: 0n,
      refBlockBytes: "0065",
      refBlockHash: "58aae76f1d022c40",
      expiration: 1_795_367_580_000,
      timestamp: 1_795_367_520_000,
      feeLimit: 1_000_000_000,
    } as const;
    const any = Buffer.from("type.googleapis.com/protocol.TriggerSmartContract").toString("hex");
    expect(encodeRawData(raw)).toBe(
      `0a020065220858aae76f1d022c4040e0e2fca1a0345aae01081f12a9010a31${any}12740a1541${raw.from}121541${raw.to}2244${raw.data}70808ef9a1a03490018094ebdc03`,
    );
  });
});

const folder = recordedFolder();

describe.runIf(folder)("beside the recordings themselves", () => {
  const recorded = folder ? readRecorded(folder) : {};

  it("the committed shapes are exactly what the recordings reduce to", () => {
    expect(samples).toEqual(reduceSamples(recorded));
  });

  const logSamples = Object.keys(recorded).filter((name) => /eth_getLogs|eth_getTransactionReceipt/.test(name));

  it.each(logSamples)("%s: heights, addresses, topics, data and indexes are equal too", (name) => {
    expect(comparable(replayed[name]?.response)).toEqual(comparable(recorded[name]?.response));
  });

  it.each(["jsonrpc-eth_blockNumber", "jsonrpc-solid-eth_blockNumber"])("%s: the same height", (name) => {
    expect(replayed[name]?.response).toEqual(recorded[name]?.response);
  });

  it.each([
    "jsonrpc-eth_getBlockByNumber-finalized",
    "jsonrpc-solid-eth_getBlockByNumber-finalized",
    "jsonrpc-solid-eth_getBlockByNumber-latest",
    "solidity-getnowblock",
    "wallet-getnowblock",
  ])("%s: the tag means the same height", (name) => {
    const height = (response: unknown) => /"number":("0x[0-9a-f]+"|\d+)/.exec(JSON.stringify(response))?.[1];
    expect(height(replayed[name]?.response)).toBe(height(recorded[name]?.response));
  });
});

/** An answer without what differs between two chains: hashes, costs and who was the stranger. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null) return value;
  const differs = /[hH]ash$|[gG]asUsed$|^contractAddress$/;
  const entries = Object.entries(value).filter(([key]) => !differs.test(key));
  // The address that a deployed contract got depends on its maker's count.
  return Object.fromEntries(
    entries.map(([key, one]) => [key, key === "logs" ? (one as unknown[]).length : comparable(one)]),
  );
}
