import { AppError } from "@/lib/errors";

const MAX_BYTES = 4096;

/** The fields of a posted form. @throws {AppError} unsupported_media_type, body_too_large */
export async function readForm(body: {
  headers: { get(name: string): string | null };
  body: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array> | null;
}): Promise<URLSearchParams> {
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(body.headers.get("content-type") ?? "")) {
    throw new AppError("unsupported_media_type", "Send a form: application/x-www-form-urlencoded");
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (body.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > MAX_BYTES) throw new AppError("body_too_large", "This form is too large");
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
}
