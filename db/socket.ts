import { isIP, Socket, type SocketConnectOpts } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { TlsSettings } from "./url";

/** What the driver hands to a maker of sockets, as far as it is needed here. */
type DriverOptions = { host: string[]; port: number[]; path?: string | false };
type Named = { host?: string; port?: number };

/** Turns of the event loop between a connection's end and the driver's learning of it. */
const TURNS = 4;
/** For reaching the server and agreeing on TLS; what follows, the driver limits itself. */
const TLS_TIMEOUT_MS = 10_000;
/** "May we speak TLS?", before anything else is said: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/**
 * Makes a socket one whose end the driver (postgres 3.4.9) survives. It buffers small writes until the next turn of the event
 * loop; when the connection ends before that, it either writes to a socket that it has thrown away (an uncaught TypeError), or
 * remembers the write as still to come and never writes on that connection again: every query that gets it waits for ever. A
 * transaction that fails because its connection is lost always writes once more: its ROLLBACK.
 * https://github.com/porsager/postgres/issues/1208
 *
 * So the end is told in two parts: first as an error, upon which queries are rejected and what they still write goes to this
 * dead socket, then a few turns later as the end.
 */
function patient<T extends Socket>(socket: T, { host, port }: Named): T {
  const emit = socket.emit.bind(socket) as (event: string | symbol, ...args: unknown[]) => boolean;
  let ended = false;
  const tell = (turns: number): void => {
    if (turns === 0) return void emit("close", false);
    if (socket.listenerCount("error") > 0) {
      const error = new Error(`The connection to PostgreSQL at ${host ?? "its socket"} was lost`);
      emit("error", Object.assign(error, { code: "CONNECTION_CLOSED" }));
    }
    setImmediate(() => tell(turns - 1));
  };
  const patiently = (event: string | symbol, ...args: unknown[]): boolean => {
    if (event !== "close" || ended) return emit(event, ...args);
    ended = true;
    tell(TURNS);
    return true;
  };
  // The driver names host and port in its errors.
  return Object.assign(socket, { emit: patiently, host, port });
}

function open({ host, port, path }: DriverOptions, turn: number): { socket: Socket; named: Named } {
  const which = turn % Math.max(1, host.length);
  const named = { host: host[which], port: port[which] };
  const socket = new Socket();
  const target = path ? { path } : { host: named.host ?? "localhost", port: named.port ?? 5432 };
  socket.connect(target as SocketConnectOpts);
  return { socket, named };
}

/** The driver's `socket` option: a connection that is being made; over TLS one that stands. Several hosts are tried in turns. */
export function socketMaker(tls: TlsSettings | null): (options: DriverOptions) => Socket | Promise<Socket> {
  let turn = 0;
  return (options) => {
    const { socket, named } = open(options, turn++);
    // A local socket needs no encryption, and PostgreSQL offers none there.
    if (tls === null || options.path) return patient(socket, named);
    return encrypt(socket, named, tls).catch((error: unknown) => {
      socket.destroy();
      return failed(named, error);
    });
  };
}

async function encrypt(socket: Socket, named: Named, tls: TlsSettings): Promise<Socket> {
  let secure: TLSSocket | undefined;
  const timer = setTimeout(() => {
    const error = new Error(`PostgreSQL at ${named.host} did not answer within ${TLS_TIMEOUT_MS / 1000} s`);
    (secure ?? socket).destroy(Object.assign(error, { code: "CONNECT_TIMEOUT" }));
  }, TLS_TIMEOUT_MS);
  try {
    await next(socket, "connect");
    if (!tls.direct) {
      socket.write(SSL_REQUEST);
      const [answer] = (await next(socket, "data")) as [Buffer];
      // One byte: whatever comes with it was put there by somebody else (CVE-2021-23222).
      if (answer.length !== 1) throw new Error("The answer to the question for TLS was longer than it may be");
      if (answer[0] !== 0x53) {
        if (!tls.required) return patient(socket, named);
        throw new Error(`DATABASE_URL asks for TLS (sslmode), but PostgreSQL at ${named.host} offers none`);
      }
    }
    const host = named.host ?? "localhost";
    secure = connectTls({
      socket,
      host,
      servername: isIP(host) === 0 ? host : undefined,
      ca: tls.ca,
      cert: tls.cert,
      key: tls.key,
      rejectUnauthorized: tls.verify !== "nothing",
      ...(tls.verify === "host" ? {} : { checkServerIdentity: () => undefined }),
      ...(tls.direct ? { ALPNProtocols: ["postgresql"] } : {}),
    });
    await next(secure, "secureConnect");
    return patient(secure, named);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for an event; an error or the end comes first as an error. */
function next(socket: Socket, event: string): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const settle = (then: () => void) => {
      socket.off(event, onEvent).off("error", onError).off("close", onClose);
      then();
    };
    const onEvent = (...args: unknown[]) => settle(() => resolve(args));
    const onError = (error: Error) => settle(() => reject(error));
    const onClose = () => {
      const error = new Error("The connection was closed while TLS was being agreed on");
      settle(() => reject(Object.assign(error, { code: "CONNECTION_CLOSED" })));
    };
    socket.once(event, onEvent).once("error", onError).once("close", onClose);
  });
}

/**
 * A socket that fails as soon as the driver listens. The driver takes a maker's rejection badly: it never uses that connection of
 * its pool again.
 */
function failed(named: Named, error: unknown): Socket {
  const socket = patient(new Socket(), named);
  socket.write = () => true;
  setTimeout(() => socket.destroy(error instanceof Error ? error : new Error(String(error))), 1);
  return socket;
}
