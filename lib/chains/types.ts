/** What the scanner needs of a chain, whatever the chain. Addresses are `addressKey`s: 20 bytes, lower-case hex with 0x. */

export type BlockHeader = {
  number: number;
  hash: string;
  parentHash: string;
  time: Date;
  /** The block's bloom filter, 512 hex digits; null where the network has none (java-tron's is always zero). */
  bloom: string | null;
};

/** A token log as a node reports it: a candidate, not yet a payment. */
export type TransferLog = {
  txHash: string;
  blockNumber: number;
  blockHash: string;
  logIndex: number;
  from: string;
  to: string;
  /** Raw base units. */
  value: bigint;
};

/** A log held against its transaction's receipt, with what identifies it for good. */
export type VerifiedTransfer = TransferLog & {
  /** Position among the token's logs of the transaction; below 0 where it failed and its receipt shows no such log. */
  ordinal: number;
  blockTime: Date;
  /** False: the receipt says that the transaction failed. On Tron a failed one can carry logs. */
  succeeded: boolean;
};

/** What a node says of a transfer that is about to be believed for good; `unknown`: it does not have it (yet). */
export type Verdict = "agrees" | "contradicts" | "unknown";

/** A transfer as it was stored: what a node is asked about again. An ordinal below 0 is not known. */
export type StoredTransfer = {
  id: string;
  txHash: string;
  ordinal: number;
  blockNumber: number;
  blockHash: string;
  toAddressKey: string;
  value: bigint;
};

/** One node of a network. Every method throws a NodeError (lib/chains/rpc.ts) when the node cannot be believed. */
export type ChainNode = {
  /** For logs and health: the URL without what may be a key. */
  name: string;
  /** The newest block. */
  readHead(): Promise<BlockHeader>;
  /**
   * The newest block and the token's transfers from `from` up to it, in one batch, so that one backend answers both.
   * @param recipients only transfers to these; null for all of them.
   */
  readNew(from: number, recipients: string[] | null): Promise<{ head: BlockHeader; logs: TransferLog[] }>;
  /** The height of the newest block that the network calls final. */
  readFinalized(): Promise<number>;
  /** Headers by height; null for a height the node does not have. */
  readHeaders(numbers: number[]): Promise<(BlockHeader | null)[]>;
  /**
   * The first and the last header (or every one) and the token's transfers of blocks `from`…`to`, read in one batch.
   * @throws {RangeRefused} when the node wants a smaller range.
   * @throws {NodeBehind} when it does not have block `to`.
   */
  readRange(
    from: number,
    to: number,
    recipients: string[] | null,
    everyHeader: boolean,
  ): Promise<{ headers: BlockHeader[]; logs: TransferLog[] }>;
  /** Holds logs against the receipts of their transactions and the headers of their blocks. */
  verify(logs: TransferLog[]): Promise<VerifiedTransfer[]>;
  /**
   * Whether the node's logs of these blocks are all there, by what it answers without a choice of recipients and, where it
   * gives none at all, by the block's bloom filter, which the logs must add up to.
   * @returns false when it left out a transfer that `isOurs`, or every log of a block that has some.
   */
  hasLogsOf(blocks: BlockHeader[], isOurs: (recipient: string) => boolean): Promise<boolean>;
  /** The token's transfers in transactions, by their receipts. Those that the node does not know or calls failed are left out. */
  readTransactions(txHashes: string[]): Promise<TransferLog[]>;
  /** Asks about transfers again, once they are deep: what a node said near its head may have been wrong. */
  recheck(transfers: StoredTransfer[]): Promise<Map<string, Verdict>>;
  /**
   * Reads blocks another way than by logs, on a network that needs it: those of `numbers` that are final, one call each.
   * @returns every transfer of the token in them.
   */
  audit?(numbers: number[]): Promise<AuditedTransfer[]>;
};

/** A transfer found by an audit: enough to compare with what is stored. */
export type AuditedTransfer = { txHash: string; to: string; value: bigint };
