/** What a node answered with when it refused a JSON-RPC call. */
export class NodeError extends Error {
  override readonly name = "NodeError";
  constructor(
    readonly method: string,
    readonly code: number,
    message: string,
    readonly data?: unknown,
  ) {
    super(`${method}: ${code} ${message}`);
  }
}

/** One JSON-RPC answer, as it stands on the wire. */
export interface RpcAnswer {
  jsonrpc?: string;
  id?: unknown;
  result?: unknown;
  error?: { code: number; message: string; data?: unknown };
}

/** One JSON-RPC call, as it stands on the wire. */
export interface RpcCall {
  jsonrpc?: string;
  id?: unknown;
  method: string;
  params?: unknown;
}

/** Sends one JSON-RPC call to `url` and gives its result. Throws NodeError when the node refuses it. */
export async function callNode<T>(url: string, method: string, params: readonly unknown[] = []): Promise<T> {
  const answer = (await post(url, { jsonrpc: "2.0", id: 1, method, params })) as RpcAnswer;
  if (answer.error) throw new NodeError(method, answer.error.code, answer.error.message, answer.error.data);
  return answer.result as T;
}

/** Sends several calls in one HTTP request and gives the answers in the order of the calls. */
export async function callNodeBatch(url: string, calls: readonly RpcCall[]): Promise<RpcAnswer[]> {
  if (calls.length === 0) return [];
  const answers = (await post(
    url,
    calls.map((call, index) => ({ jsonrpc: "2.0", ...call, id: index })),
  )) as RpcAnswer[];
  const byId = new Map(answers.map((answer) => [answer.id, answer]));
  return calls.map((_, index) => byId.get(index) ?? { error: { code: -32603, message: "no answer in the batch" } });
}

async function post(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return response.json();
}

/** A height or quantity as JSON-RPC writes it: `0x1a`. */
export function toQuantity(value: number | bigint): `0x${string}` {
  return `0x${value.toString(16)}`;
}
