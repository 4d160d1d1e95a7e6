import { tronPrefix } from "./tron-address";

/** What the signed part of a Tron transaction says. Addresses are 20 bytes in hex, bytes are hex, times ms. */
export interface RawTransaction {
  kind: "call" | "transfer" | "create";
  from: string;
  to: string;
  data: string;
  /** Sun (10^-6 TRX) sent along, or transferred. */
  sun: bigint;
  refBlockBytes: string;
  refBlockHash: string;
  expiration: number;
  timestamp: number;
  feeLimit: number;
}

/** Contract types: their numbers and names in java-tron's core/Tron.proto. */
export const contractTypes = {
  transfer: { number: 1, name: "TransferContract" },
  create: { number: 30, name: "CreateSmartContract" },
  call: { number: 31, name: "TriggerSmartContract" },
} as const;

/**
 * The protobuf bytes of `Transaction.raw` in hex, as `raw_data_hex` shows them. A real transaction's id is their SHA-256;
 * the emulator keeps the EVM hash as id, so that both sides name a transaction alike.
 */
export function encodeRawData(raw: RawTransaction): string {
  const { number, name } = contractTypes[raw.kind];
  const parameter = [...text(1, `type.googleapis.com/protocol.${name}`), ...bytes(2, encodeContract(raw))];
  const contract = [...integer(1, BigInt(number)), ...field(2, parameter)];
  return Buffer.from([
    ...bytes(1, raw.refBlockBytes),
    ...bytes(4, raw.refBlockHash),
    ...integer(8, BigInt(raw.expiration)),
    ...field(11, contract),
    ...integer(14, BigInt(raw.timestamp)),
    ...(raw.kind === "transfer" ? [] : integer(18, BigInt(raw.feeLimit))),
  ]).toString("hex");
}

function encodeContract({ kind, from, to, data, sun }: RawTransaction): string {
  const owner = bytes(1, tronPrefix + from);
  const amount = sun > 0n ? integer(3, sun) : [];
  const parts = {
    transfer: () => [...owner, ...bytes(2, tronPrefix + to), ...amount],
    call: () => [...owner, ...bytes(2, tronPrefix + to), ...amount, ...bytes(4, data)],
    create: () => [...owner, ...field(2, [...bytes(1, tronPrefix + from), ...bytes(4, data)])],
  };
  return Buffer.from(parts[kind]()).toString("hex");
}

const tag = (number: number, type: 0 | 2) => varint(BigInt(number * 8 + type));
const integer = (number: number, value: bigint) => [...tag(number, 0), ...varint(value)];
const field = (number: number, content: number[]) => [...tag(number, 2), ...varint(BigInt(content.length)), ...content];
const bytes = (number: number, hex: string) => field(number, [...Buffer.from(hex, "hex")]);
const text = (number: number, value: string) => field(number, [...Buffer.from(value)]);

function varint(value: bigint): number[] {
  const out: number[] = [];
  for (; value > 127n; value >>= 7n) out.push(Number(value & 127n) | 128);
  out.push(Number(value));
  return out;
}
