import { Socket, type SocketConnectOpts } from "node:net";

/** What the driver hands to a maker of sockets, as far as it is needed here. */
type DriverOptions = { host: string[]; port: number[]; path?: string | false };

/** Turns of the event loop between a connection's end and the driver's learning of it. */
const TURNS = 4;

/**
 * A socket whose end the driver (postgres 3.4.9) survives. It buffers small writes until the next turn of the event loop; when
 * the connection ends before that, it either writes to a socket that it has thrown away (an uncaught TypeError), or remembers the
 * write as still to come and never writes on that connection again: every query that gets it waits for ever. A transaction that
 * fails because its connection is lost always writes once more: its ROLLBACK. https://github.com/porsager/postgres/issues/1208
 *
 * So the end is told in two parts: first as an error, upon which queries are rejected and what they still write goes to this
 * dead socket, then a few turns later as the end.
 */
class PatientSocket extends Socket {
  /** The driver asks for these when it opens TLS. */
  host: string | undefined;
  port: number | undefined;
  private ended = false;

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event !== "close" || this.ended) return super.emit(event, ...args);
    this.ended = true;
    this.tell(TURNS);
    return true;
  }

  private tell(turns: number): void {
    if (turns === 0) return void super.emit("close", false);
    if (this.listenerCount("error") > 0) {
      const error = new Error(`The connection to PostgreSQL at ${this.host ?? "its socket"} was lost`);
      super.emit("error", Object.assign(error, { code: "CONNECTION_CLOSED" }));
    }
    setImmediate(() => this.tell(turns - 1));
  }
}

/** The driver's `socket` option: a connection that is being made. */
export function patientSocket({ host, port, path }: DriverOptions): Socket {
  const socket = new PatientSocket();
  [socket.host] = host;
  [socket.port] = port;
  const target = path ? { path } : { host: socket.host ?? "localhost", port: socket.port ?? 5432 };
  socket.connect(target as SocketConnectOpts);
  return socket;
}
