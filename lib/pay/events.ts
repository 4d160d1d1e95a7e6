import { AppError } from "@/lib/errors";
import { livePages, type Watcher } from "./live";
import { payErrorResponse, payStreamHeaders } from "./responses";
import { answer } from "./service";
import { isFinal, type PayStatus, payStatus } from "./view";

/**
 * `GET …/{reference}/events`: the public status as server-sent events, first as it is and then at every change. Each event is the
 * whole status, so that whoever comes back after a break is right at once. The stream ends with the final state; who asks again
 * after that, knowing it, hears 204, which tells browsers to stop.
 */
export function payEventsResponse(request: Request): Promise<Response> {
  return answer(request, (invoice, requestId) => {
    const status = payStatus(invoice);
    const last = isFinal(invoice);
    const headers = payStreamHeaders(requestId);
    if (last && request.headers.get("last-event-id") === status.version) {
      return new Response(null, { status: 204, headers });
    }
    if (request.method === "HEAD") return new Response(null, { headers });
    let stop: (() => void) | null = null;
    let tooMany = false;
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        const close = () => {
          stop?.();
          stop = null;
          try {
            controller.close();
          } catch {
            // The reader was faster.
          }
        };
        const send = (bytes: Uint8Array) => {
          // Somebody who does not read: what piles up would be ours to hold.
          if ((controller.desiredSize ?? 0) < -UNREAD_LIMIT) return close();
          controller.enqueue(bytes);
        };
        if (last) {
          send(eventOf(status));
          return close();
        }
        const watcher: Watcher = {
          version: status.version,
          changed(now, isLast) {
            send(eventOf(now));
            if (isLast) close();
          },
          beat: () => send(BEAT),
          end: close,
        };
        stop = livePages().watch(invoice.id, watcher);
        if (!stop) {
          tooMany = true;
          return close();
        }
        send(eventOf(status));
        request.signal.addEventListener("abort", close, { once: true });
      },
      cancel() {
        stop?.();
        stop = null;
      },
    });
    if (!tooMany) return new Response(body, { headers });
    const error = new AppError("unavailable", "Too many streams are open: ask …/status instead", {
      headers: { "retry-after": "30" },
    });
    return payErrorResponse(error, requestId);
  });
}

/** Chunks that a reader may leave unread. */
const UNREAD_LIMIT = 64;
const encoder = new TextEncoder();
const BEAT = encoder.encode(": still here\n\n");

/** One event; `retry` is when browsers come back after a break. */
function eventOf(status: PayStatus): Uint8Array {
  return encoder.encode(`retry: 2000\nid: ${status.version}\ndata: ${JSON.stringify(status)}\n\n`);
}
