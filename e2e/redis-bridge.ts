import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "@/e2e/pooler";

/**
 * A real Redis behind Upstash's REST protocol (https://upstash.com/docs/redis/features/restapi): single commands, `/pipeline` and
 * `/multi-exec`, a bearer token, and answers in base64 where `Upstash-Encoding` asks for it.
 */
export type RedisBridge = {
  url: string;
  token: string;
  /** Commands that came since the start; the array grows in place. */
  commands: string[][];
  /** Sends a command straight to Redis. */
  command: (...args: string[]) => Promise<unknown>;
  /** `hang`: takes requests and never answers. `refuse`: takes none. */
  behave: (how: "answer" | "hang" | "refuse") => Promise<void>;
  stop: () => Promise<void>;
};

/** Starts both. @param program the path of redis-server. */
export async function startRedisBridge(program: string): Promise<RedisBridge> {
  const redisPort = await freePort();
  const child = spawn(
    program,
    ["--port", String(redisPort), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", "/tmp"],
    { stdio: "ignore" },
  );
  const redis = await connectRedis(child, redisPort);
  const token = randomBytes(16).toString("hex");
  const commands: string[][] = [];
  let hanging = false;

  const server = createServer((req, res) => {
    req.on("error", () => {});
    res.on("error", () => {});
    if (hanging) return;
    void answer(req, res).catch((error: unknown) => send(res, 400, { error: String((error as Error).message) }));
  });

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (req.headers.authorization !== `Bearer ${token}`) {
      return send(res, 401, { error: "WRONGPASS invalid or missing auth token" });
    }
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const body = chunks.length > 0 ? (JSON.parse(Buffer.concat(chunks).toString()) as unknown) : null;
    const path = (req.url ?? "/").split("/").filter(Boolean).map(decodeURIComponent);
    const encode = req.headers["upstash-encoding"] === "base64" ? inBase64 : (value: unknown) => value;
    const perform = async (command: unknown): Promise<{ result?: unknown; error?: string }> => {
      const parts = (command as unknown[]).map(String);
      commands.push(parts);
      const reply = await redis.send(parts);
      return reply instanceof Error ? { error: reply.message } : { result: encode(reply) };
    };
    if (path[0] === "pipeline") {
      return send(res, 200, await Promise.all((body as unknown[]).map(perform)));
    }
    if (path[0] === "multi-exec") {
      await redis.send(["MULTI"]);
      for (const command of body as unknown[][]) await redis.send(command.map(String));
      const replies = await redis.send(["EXEC"]);
      if (replies instanceof Error) return send(res, 400, { error: replies.message });
      return send(
        res,
        200,
        (replies as unknown[]).map((reply) => ({ result: encode(reply) })),
      );
    }
    const one = await perform(path.length > 0 ? path : body);
    send(res, one.error === undefined ? 200 : 400, one);
  }

  const listen = async (port: number) => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  };
  const close = async () => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    token,
    commands,
    command: async (...args) => {
      const reply = await redis.send(args);
      if (reply instanceof Error) throw reply;
      return reply;
    },
    async behave(how) {
      hanging = how === "hang";
      if (how === "refuse") await close();
      else if (!server.listening) await listen(port);
      // What hung before is not answered any more.
      if (how === "answer") server.closeAllConnections();
    },
    async stop() {
      await close();
      redis.end();
      const ended = once(child, "exit");
      if (child.exitCode === null && child.kill("SIGKILL")) await ended;
    },
  };
}

function send(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}

/** Strings in base64, at every depth; numbers and nulls stay, and so does Redis's own OK. */
function inBase64(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inBase64);
  return typeof value === "string" && value !== "OK" ? Buffer.from(value).toString("base64") : value;
}

type Reply = string | number | null | Error | Reply[];

async function connectRedis(child: ChildProcess, port: number) {
  for (const deadline = Date.now() + 10_000; ; await sleep(50)) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const stands = await new Promise<boolean>((done) => {
      socket.once("connect", () => done(true)).once("error", () => done(false));
    });
    if (stands) return redisClient(socket);
    if (Date.now() > deadline) throw new Error("redis-server does not listen");
  }
}

/** RESP2, as far as commands and their replies: https://redis.io/docs/latest/develop/reference/protocol-spec/ */
function redisClient(socket: Socket) {
  const waiting: ((reply: Reply) => void)[] = [];
  let received = Buffer.alloc(0);
  socket.on("error", () => {});
  socket.on("close", () => {
    for (const settle of waiting.splice(0)) settle(new Error("Redis closed the connection"));
  });
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    for (let parsed = parse(received, 0); parsed; parsed = parse(received, 0)) {
      received = received.subarray(parsed.end);
      waiting.shift()?.(parsed.reply);
    }
  });
  return {
    send(parts: string[]): Promise<Reply> {
      const bulk = parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
      socket.write(`*${parts.length}\r\n${bulk.join("")}`);
      return new Promise((done) => waiting.push(done));
    },
    end: () => void socket.destroy(),
  };
}

/** One reply that begins at `from`, or null while it is not all there. */
function parse(bytes: Buffer, from: number): { reply: Reply; end: number } | null {
  const lineEnd = bytes.indexOf("\r\n", from);
  if (lineEnd < 0) return null;
  const line = bytes.toString("utf8", from + 1, lineEnd);
  const end = lineEnd + 2;
  switch (String.fromCharCode(bytes[from] ?? 0)) {
    case "+":
      return { reply: line, end };
    case "-":
      return { reply: new Error(line), end };
    case ":":
      return { reply: Number(line), end };
    case "$": {
      const length = Number(line);
      if (length < 0) return { reply: null, end };
      if (bytes.length < end + length + 2) return null;
      return { reply: bytes.toString("utf8", end, end + length), end: end + length + 2 };
    }
    case "*": {
      const replies: Reply[] = [];
      let at = end;
      for (let i = 0; i < Number(line); i++) {
        const item = parse(bytes, at);
        if (!item) return null;
        replies.push(item.reply);
        at = item.end;
      }
      return { reply: replies, end: at };
    }
    default:
      throw new Error(`no reply of Redis: ${bytes.toString("utf8", from, from + 40)}`);
  }
}
