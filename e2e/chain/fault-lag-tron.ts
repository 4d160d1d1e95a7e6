import type { LagView } from "./fault-lag";
import type { NodeBehind, Reply } from "./fault-rules";
import type { RpcCall } from "./rpc";

interface TronBlockShape {
  block_header?: { raw_data?: { number?: number } };
}

const heightOf = (block: unknown) => (block as TronBlockShape).block_header?.raw_data?.number ?? 0;

/** `/wallet/NAME` → what a backend that is behind asks in its place, or answers of its own. */
export async function lagPath(
  call: RpcCall,
  view: LagView,
  node: NodeBehind,
): Promise<{ reply: Reply } | { call: RpcCall } | undefined> {
  const { face, name } = parts(call);
  const fields = (call.params ?? {}) as Record<string, unknown>;
  const reply = (result: unknown) => ({ reply: { result } });
  if (name === "getnowblock") {
    return reply(await node.get(`${face}/getblockbynum`, { num: await knownTo(face, view, node) }));
  }
  if (name === "getblock" && !fields.id_or_num) {
    const num = String(await knownTo(face, view, node));
    return reply(await node.get(`${face}/getblock`, { ...fields, id_or_num: num }));
  }
  if (!(name in unknownHeights)) return undefined;
  const above = Number(fields.num ?? 0) > (await knownTo(face, view, node));
  return above ? reply(unknownHeights[name]) : undefined;
}

/** What a node says about a height that it has not reached. */
const unknownHeights: Record<string, unknown> = {
  getblockbynum: {},
  gettransactioninfobyblocknum: [],
  gettransactioncountbyblocknum: { count: 0 },
};

/** Takes from an answer what the backend cannot know yet. */
export async function hiddenFromPath(reply: Reply, call: RpcCall, view: LagView, node: NodeBehind): Promise<Reply> {
  const { face, name } = parts(call);
  if (
    !["getblockbyid", "getblock", "getblockbylimitnext", "gettransactioninfobyid", "gettransactionbyid"].includes(name)
  ) {
    return reply;
  }
  const known = await knownTo(face, view, node);
  const found = reply.result as { block?: unknown[]; blockNumber?: number; txID?: string };
  if (Array.isArray(found.block)) {
    return { ...reply, result: { block: found.block.filter((block) => heightOf(block) <= known) } };
  }
  let height = found.blockNumber ?? heightOf(found);
  if (found.txID) {
    const info = (await node.get("/wallet/gettransactioninfobyid", { value: found.txID })) as { blockNumber?: number };
    height = info.blockNumber ?? Number.POSITIVE_INFINITY;
  }
  return height > known ? { ...reply, result: {} } : reply;
}

function parts(call: RpcCall): { face: string; name: string } {
  const [, face = "", name = ""] = /^(\/wallet|\/walletsolidity)\/([a-z]+)$/.exec(call.method) ?? [];
  return { face, name };
}

/** The head of the face that was asked: that of `/walletsolidity` is behind by as much as the node is. */
async function knownTo(face: string, view: LagView, node: NodeBehind): Promise<number> {
  if (face !== "/walletsolidity") return view.head;
  return Math.max(0, heightOf(await node.get("/walletsolidity/getnowblock", {})) - view.behind);
}
