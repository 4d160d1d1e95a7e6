/**
 * Connections of webhooks. Every one is opened through the guard and checked when it stands, and checked again before each
 * request that it carries. It is kept open for a few seconds for the next webhook of the same merchant to the same origin:
 * a handshake would cost more than the request.
 */
import { Agent, type AgentOptions, type ClientRequestArgs } from "node:http";
import { isIP, connect as netConnect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as tlsConnect } from "node:tls";
import { assertConnectedAddress, guardedLookup, type Resolver } from "./guard";

/** node gives up an address after 250 ms when a name has several, which is less than a handshake around the world. */
const ADDRESS_ATTEMPT_TIMEOUT_MS = 1_000;
/** Less than the shortest usual patience of a server with an idle connection (5 s): it is never closed while we send. */
const IDLE_MS = 4_000;
const MAX_IDLE_PER_ORIGIN = 100;

/** What the connection was busy with when it failed. */
export type Phase = "connect" | "tls" | "http";

/** One attempt, as far as its connection is concerned. */
export type ConnectionRequest = {
  isSecure: boolean;
  allowCidrs: readonly string[];
  resolver?: Resolver;
  ca?: string;
  /** Whose connection may be used again; null: a new one, closed after the answer. */
  owner: string | null;
  /** Not one that was used before. */
  fresh: boolean;
  /** Told on the way, so that an error can say where it happened. */
  onPhase: (phase: Phase) => void;
  /** The socket that is being opened, to destroy when nobody waits any more. */
  onSocket: (socket: Socket) => void;
};
type Options = ClientRequestArgs & { connection: ConnectionRequest };

const raw = new WeakMap<Socket, Socket>();

/** The TCP connection under a socket, which knows the peer's address and how much has come. */
export const tcpOf = (socket: Socket): Socket => raw.get(socket) ?? socket;

let unique = 0;

class GuardedAgent extends Agent {
  override getName(options?: ClientRequestArgs): string {
    const { isSecure, owner, fresh } = (options as Options | undefined)?.connection ?? {
      isSecure: false,
      owner: null,
      fresh: true,
    };
    const scope = fresh ? `fresh-${++unique}` : (owner ?? "");
    return `${scope}|${isSecure ? "https" : "http"}|${options?.host}|${options?.port}`;
  }

  override createConnection(options: ClientRequestArgs, callback?: (error: Error | null, socket: Duplex) => void) {
    open(options as Options).then(
      (socket) => callback?.(null, socket),
      // Where there is an error nobody looks at the socket.
      (error: Error) => callback?.(error, undefined as unknown as Duplex),
    );
    // The agent waits for the callback.
    return undefined;
  }
}

const kept = new GuardedAgent({
  keepAlive: true,
  maxFreeSockets: MAX_IDLE_PER_ORIGIN,
  scheduling: "lifo",
  timeout: IDLE_MS,
} satisfies AgentOptions);
const closing = new GuardedAgent({ keepAlive: false });

/** The agent for a request, whose options must carry `connection`. */
export function agentFor(connection: ConnectionRequest): Agent {
  return connection.owner === null ? closing : kept;
}

/** Opens a connection through the guard; for https it is encrypted and the host is verified. */
function open({ host, port, connection }: Options): Promise<Socket> {
  const { isSecure, allowCidrs, resolver, ca, onPhase, onSocket } = connection;
  const name = host ?? "";
  return new Promise((resolve, reject) => {
    const guarded = (step: () => void) => () => {
      try {
        step();
      } catch (error) {
        tcp.destroy();
        reject(error);
      }
    };
    const tcp = netConnect({
      host: name,
      port: Number(port),
      lookup: guardedLookup(allowCidrs, resolver),
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_TIMEOUT_MS,
      noDelay: true,
    });
    onSocket(tcp);
    const closed = () => reject(Object.assign(new Error("closed"), { code: "ECONNRESET" }));
    tcp.on("error", reject).on("close", closed);
    const ready = (socket: Socket) => {
      // From here on the request listens.
      tcp.off("error", reject).off("close", closed);
      tcp.on("error", () => {});
      resolve(socket);
    };
    tcp.once(
      "connect",
      guarded(() => {
        assertConnectedAddress(tcp.remoteAddress, allowCidrs);
        if (!isSecure) return ready(tcp);
        onPhase("tls");
        const secure = tlsConnect({
          socket: tcp,
          host: name,
          // An IP address is no server name (RFC 6066 §3), and neither is a trailing dot part of one.
          servername: isIP(name) === 0 ? name.replace(/\.$/, "") : "",
          ALPNProtocols: ["http/1.1"],
          // Said aloud so that NODE_TLS_REJECT_UNAUTHORIZED=0 does not switch it off.
          rejectUnauthorized: true,
          ca,
        });
        raw.set(secure, tcp);
        onSocket(secure);
        secure.on("error", reject);
        secure.once("secureConnect", () => {
          secure.off("error", reject);
          ready(secure);
        });
      }),
    );
  });
}
