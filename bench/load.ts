/**
 * A load generator in a process of its own that costs as little as possible: raw sockets, one request at a time on each, the
 * answer read no further than to know where it ends. It shares the machine with what it measures.
 */
import { fork } from "node:child_process";
import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";

/** What to ask for, again and again. */
export interface Load {
  port: number;
  method: "GET" | "POST";
  /** Taken in turns. `{n}` becomes a number that is used once; so it does in the body. */
  paths: readonly string[];
  headers?: Record<string, string>;
  body?: string;
  connections: number;
  milliseconds: number;
  /** The first `{n}`. */
  from?: number;
}

/** What came of it. */
export interface LoadResult {
  answers: number;
  perSecond: number;
  /** Milliseconds from the request to the end of its answer, one for each. */
  times: number[];
  /** Where to go on with `{n}`. */
  next: number;
}

/** A generator that can be used again. */
export interface LoadProcess {
  /** Runs a load. @throws Error with the first answer that is not a 2xx. */
  run(load: Load): Promise<LoadResult>;
  stop(): void;
}

/** Starts the process. */
export function startLoadProcess(): LoadProcess {
  const child = fork(fileURLToPath(import.meta.url), ["child"], { execArgv: ["--import", "tsx"] });
  return {
    run: (load) =>
      new Promise((done, fail) => {
        child.once("message", (answer: LoadResult | { error: string }) =>
          "error" in answer ? fail(new Error(answer.error)) : done(answer),
        );
        child.send(load);
      }),
    stop: () => void child.kill(),
  };
}

if (process.argv[2] === "child") {
  process.on("disconnect", () => process.exit(0));
  process.on("message", (load: Load) => {
    generate(load).then(
      (result) => process.send?.(result),
      (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
    );
  });
}

async function generate(load: Load): Promise<LoadResult> {
  let n = load.from ?? 0;
  const times: number[] = [];
  const begun = performance.now();
  const until = begun + load.milliseconds;
  const more = (): string | null => (performance.now() < until ? requestText(load, n++) : null);
  await Promise.all(Array.from({ length: load.connections }, () => keepAsking(load.port, more, times)));
  const seconds = (performance.now() - begun) / 1000;
  return { answers: times.length, perSecond: times.length / seconds, times, next: n };
}

function requestText({ method, paths, headers = {}, body }: Load, n: number): string {
  const path = paths[n % paths.length] ?? "/";
  const fill = (text: string) => text.replaceAll("{n}", String(n));
  const content = body === undefined ? "" : fill(body);
  const fields = {
    Host: "127.0.0.1",
    ...headers,
    ...(body === undefined ? {} : { "Content-Type": "application/json" }),
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = body === undefined ? "" : `Content-Length: ${Buffer.byteLength(content)}\r\n`;
  return `${method} ${fill(path)} HTTP/1.1\r\n${lines.join("")}${length}\r\n${content}`;
}

function keepAsking(port: number, more: () => string | null, times: number[]): Promise<void> {
  return new Promise((done, fail) => {
    const socket: Socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let received = "";
    let sentAt = 0;
    const ask = () => {
      const text = more();
      if (text === null) {
        socket.end();
        return done();
      }
      received = "";
      sentAt = performance.now();
      socket.write(text);
    };
    socket.setEncoding("latin1");
    socket.on("connect", ask);
    socket.on("error", fail);
    socket.on("close", () => fail(new Error("the server closed the connection")));
    socket.on("data", (chunk: string) => {
      received += chunk;
      if (!isWhole(received)) return;
      times.push(performance.now() - sentAt);
      if (!/^HTTP\/1\.1 2/.test(received)) {
        fail(new Error(`answered: ${received.slice(0, 600)}`));
        return void socket.destroy();
      }
      ask();
    });
  });
}

function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const head = text.slice(0, end);
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  return length === undefined ? text.endsWith("0\r\n\r\n") : text.length >= end + 4 + Number(length);
}
