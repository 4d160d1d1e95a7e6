import { createHash } from "node:crypto";
import { type Behaviour, type ReceivedRequest, type Receiver, startReceiver } from "@/e2e/receiver";
import type { ReceiverKind } from "./plan";

/** The merchants' servers. What they do with a webhook depends on the seed, the invoice and how often they have seen it. */
export class Receivers {
  private readonly closed: ReceivedRequest[][] = [];
  private readonly seen = new Map<string, number>();
  /** Set at the end, when everybody behaves. */
  private mended = false;
  readonly counts = { slow: 0, failed: 0, hung: 0 };

  private constructor(private readonly servers: Record<ReceiverKind, Receiver>) {}

  static async start(seed: number): Promise<Receivers> {
    const [fast, slow, failing, hanging] = [
      await startReceiver(),
      await startReceiver(),
      await startReceiver(),
      await startReceiver(),
    ];
    const receivers = new Receivers({ fast, slow, failing, hanging });
    const byte = (request: ReceivedRequest) =>
      createHash("sha256").update(`${seed}/${request.headers["x-invoice-reference"]}`).digest()[0] ?? 0;
    slow.behave((request) => receivers.slow(byte(request)));
    failing.behave((request) => receivers.failing(request, byte(request)));
    hanging.behave((request) => receivers.hanging(request));
    return receivers;
  }

  url(kind: ReceiverKind): string {
    return `${this.servers[kind].url}/${kind}`;
  }

  private isFirst(request: ReceivedRequest): boolean {
    const times = (this.seen.get(request.id) ?? 0) + 1;
    this.seen.set(request.id, times);
    return times === 1 && !this.mended;
  }

  private slow(byte: number): Behaviour {
    if (this.mended) return {};
    this.counts.slow++;
    return { delayMs: 200 + byte * 10 };
  }

  private failing(request: ReceivedRequest, byte: number): Behaviour {
    if (!this.isFirst(request)) return {};
    this.counts.failed++;
    const ways: Behaviour[] = [
      { status: 500 },
      { status: 503, retryAfter: 1 },
      { closeSocket: true },
      { redirectTo: "/elsewhere" },
      { status: 404 },
    ];
    return ways[byte % ways.length] ?? {};
  }

  private hanging(request: ReceivedRequest): Behaviour {
    if (!this.isFirst(request)) return {};
    this.counts.hung++;
    return { hang: true };
  }

  /** From now on everybody answers at once; whoever kept a sender waiting hangs up. */
  async mend(): Promise<void> {
    this.mended = true;
    const { hanging } = this.servers;
    this.closed.push(hanging.requests);
    await hanging.close();
    this.servers.hanging = await startReceiver({ port: Number(new URL(hanging.url).port) });
  }

  /** Everything that arrived. */
  all(): ReceivedRequest[] {
    return [...this.closed, ...Object.values(this.servers).map((server) => server.requests)].flat();
  }

  async stop(): Promise<void> {
    await Promise.all(Object.values(this.servers).map((server) => server.close()));
  }
}
