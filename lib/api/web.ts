import type { Api } from "./handle";

/** The API behind the Web's `Request` and `Response`, which every framework has. */
export function serveWeb(api: Api): (request: Request) => Promise<Response> {
  return async (request) => {
    const { method, url, headers } = request;
    const answer = await api({ method, url, headers, read: (limit) => read(request.body, limit) });
    return new Response(answer.body, { status: answer.status, headers: answer.headers });
  };
}

async function read(body: ReadableStream<Uint8Array> | null, limit: number): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    size += part.value.byteLength;
    if (size > limit) {
      await reader?.cancel();
      return null;
    }
    chunks.push(part.value);
  }
  return Buffer.concat(chunks);
}
