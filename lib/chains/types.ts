/** What the scanner needs of a chain, whatever the chain. Addresses are `addressKey`s: 20 bytes, lower-case hex with 0x. */

export type BlockHeader = { number: number; hash: string; parentHash: string; time: Date };

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

/** A log whose transaction was seen to have succeeded, with what identifies it for good. */
export type VerifiedTransfer = TransferLog & {
  /** Position among the token's logs of the transaction. */
  ordinal: number;
  blockTime: Date;
};

/** One node of a network. Every method throws a NodeError (lib/chains/rpc.ts) when the node cannot be believed. */
export type ChainNode = {
  /** For logs and health: the URL without what may be a key. */
  name: string;
  /** The newest block. */
  readHead(): Promise<BlockHeader>;
  /** The height of the newest block that the network calls final. */
  readFinalized(): Promise<number>;
  /** Headers by height; null for a height the node does not have. */
  readHeaders(numbers: number[]): Promise<(BlockHeader | null)[]>;
  /**
   * Headers and the token's transfers of blocks `from`…`to`, read in one batch from this node.
   * @param recipients only transfers to these; null for all of them.
   * @param everyHeader false (catching up far behind the head): only the first and the last header.
   * @throws {RangeRefused} when the node wants a smaller range.
   * @throws {NodeBehind} when it does not have block `to`.
   */
  readRange(
    from: number,
    to: number,
    recipients: string[] | null,
    everyHeader: boolean,
  ): Promise<{ headers: BlockHeader[]; logs: TransferLog[] }>;
  /** Keeps the logs whose transaction succeeded in the block they claim to be in. */
  verify(logs: TransferLog[]): Promise<VerifiedTransfer[]>;
};
