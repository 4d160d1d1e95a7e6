import { randomUUID } from "node:crypto";
import { afterAll, beforeAll } from "vitest";
import { closeDb } from "@/db/client";
import { createTestDatabase } from "@/db/testing";
import { type Anvil, chainIds, startAnvil } from "@/e2e/chain/anvil";
import { type FaultProxy, startFaultProxy } from "@/e2e/chain/fault-proxy";
import { evmAddress, tronAddress } from "@/e2e/chain/tron-address";
import { startTronEmulator, type TronEmulator } from "@/e2e/chain/tron-emulator";
import { type Receiver, startReceiver } from "@/e2e/receiver";
import { api } from "@/lib/api";
import { resetNodes } from "@/lib/chains/nodes";
import { resetEnv } from "@/lib/env";
import { createMerchant, type NewMerchant } from "@/lib/merchants/service";
import { Scanner } from "@/lib/transfers/scan";
import { addWallet } from "@/lib/wallets/service";
import { Deliverer } from "@/lib/webhooks/deliver";

export type WorldNetwork = "ethereum" | "bsc" | "tron";

export type ApiAnswer = { status: number; body: Record<string, unknown>; headers: Headers; text: string };

/**
 * The gateway in this process on a real database, real EVM nodes (each behind a fault proxy) and a real webhook receiver. The
 * background work runs when the test says so: `tick()`.
 */
export class World {
  readonly nodes = new Map<WorldNetwork, Anvil>();
  readonly proxies = new Map<WorldNetwork, FaultProxy>();
  /** A second URL of each network, to the same chain. */
  readonly seconds = new Map<WorldNetwork, FaultProxy>();
  private emulator: TronEmulator | undefined;
  receiver!: Receiver;
  merchant!: NewMerchant;
  private scanners = new Map<WorldNetwork, Scanner>();
  private deliverer = new Deliverer(randomUUID());

  constructor(
    private readonly networks: WorldNetwork[],
    private readonly secondUrls = false,
  ) {}

  async start(variables: Record<string, string> = {}): Promise<void> {
    const started = await Promise.all([
      createTestDatabase(),
      startReceiver(),
      ...this.networks.map(async (network) => {
        const node = await startAnvil({ chainId: chainIds[network], slotsInAnEpoch: 1 });
        this.nodes.set(network, node);
        let target = node.url;
        if (network === "tron") {
          this.emulator = await startTronEmulator({ anvil: node, finalizedLag: 2, solidLag: 4 });
          target = this.emulator.url;
        }
        const kind = network === "tron" ? "tron" : "evm";
        this.proxies.set(network, await startFaultProxy({ target, node: kind }));
        if (this.secondUrls) this.seconds.set(network, await startFaultProxy({ target, node: kind }));
      }),
    ]);
    const [database, receiver] = started;
    this.receiver = receiver;
    this.drop = database.drop;
    for (const [network, proxy] of this.proxies) {
      const urls = [proxy.url, this.seconds.get(network)?.url].filter(Boolean);
      process.env[`${network.toUpperCase()}_RPC_URLS`] = urls.join(",");
    }
    Object.assign(process.env, {
      DATABASE_URL: database.url,
      ENCRYPTION_KEY: "11".repeat(32),
      AUTH_SECRET: "test-secret-test-secret-test-secret",
      WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8",
      RATE_LIMIT_MULTIPLIER: "1000",
      ...variables,
    });
    resetEnv();
    this.restart();
    this.merchant = await this.newMerchant();
    // As a running gateway: watching before anybody creates an invoice.
    await this.tick();
  }

  private drop: () => Promise<void> = async () => {};

  async stop(): Promise<void> {
    await this.deliverer.drain(5_000);
    await closeDb();
    await this.receiver.close();
    for (const proxy of [...this.proxies.values(), ...this.seconds.values()]) await proxy.stop();
    await this.emulator?.stop();
    for (const node of this.nodes.values()) await node.stop();
    await this.drop();
  }

  /** Forgets everything that a process holds in memory, as a crash and a new start do. */
  restart(): void {
    resetNodes();
    this.deliverer = new Deliverer(randomUUID());
    for (const network of this.networks) {
      const owner = this.owner;
      this.scanners.set(network, new Scanner(network, owner));
    }
  }

  // One lease owner for all scanners of the world: a test must not wait for a lease of a scanner it has thrown away.
  private readonly owner = randomUUID();

  node(network: WorldNetwork): Anvil {
    const node = this.nodes.get(network);
    if (!node) throw new Error(`no node of ${network}`);
    return node;
  }

  tron(): TronEmulator {
    if (!this.emulator) throw new Error("no Tron node");
    return this.emulator;
  }

  second(network: WorldNetwork): FaultProxy {
    const proxy = this.seconds.get(network);
    if (!proxy) throw new Error(`no second URL of ${network}`);
    return proxy;
  }

  scanner(network: WorldNetwork): Scanner {
    const scanner = this.scanners.get(network);
    if (!scanner) throw new Error(`no scanner of ${network}`);
    return scanner;
  }

  proxy(network: WorldNetwork): FaultProxy {
    const proxy = this.proxies.get(network);
    if (!proxy) throw new Error(`no proxy of ${network}`);
    return proxy;
  }

  async newMerchant(): Promise<NewMerchant> {
    return await createMerchant({ email: `${randomUUID()}@example.com`, name: "Shop", password: undefined }, "test");
  }

  /** A fresh address, registered for a merchant. */
  async newWallet(network: WorldNetwork, merchantId = this.merchant.merchantId, address = randomAddress(network)) {
    return await addWallet(merchantId, { network, address }, "test");
  }

  /** A request to the API in this process. */
  async api(
    method: string,
    path: string,
    body?: unknown,
    { key = this.merchant.liveKey, headers = {} }: { key?: string; headers?: Record<string, string> } = {},
  ): Promise<ApiAnswer> {
    const response = await api(
      new Request(`http://gateway.test/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
      }),
    );
    const text = await response.text();
    const parsed = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
    return { status: response.status, body: parsed, headers: response.headers, text };
  }

  /** Runs the scanners until they have read everything. */
  async scan(): Promise<void> {
    for (const scanner of this.scanners.values()) while (await scanner.tick());
  }

  /** Runs the background work once: scanners, then deliveries, waiting for their answers. */
  async tick(): Promise<void> {
    await this.scan();
    await this.deliver();
  }

  async deliver(): Promise<void> {
    await this.deliverer.tick(() => {});
    await this.deliverer.drain(40_000);
  }
}

let nextAddress = BigInt(`0x${randomUUID().replaceAll("-", "")}`);

/** An address nobody has used before. */
export function randomAddress(network: WorldNetwork = "ethereum"): string {
  nextAddress += 1n;
  const key = `0x${nextAddress.toString(16).padStart(40, "a").slice(-40)}`;
  return network === "tron" ? tronAddress(key, true) : key;
}

/** The EVM form of an address, which is what the chain under every network knows. */
export function evmForm(address: unknown): `0x${string}` {
  const text = String(address);
  return `0x${evmAddress(text) ?? text.slice(2)}`;
}

/** A world for a test file, started before its tests and stopped after them. */
export function useWorld(
  networks: WorldNetwork[],
  variables: Record<string, string> = {},
  options: { secondUrls?: boolean } = {},
): World {
  const world = new World(networks, options.secondUrls);
  beforeAll(() => world.start(variables));
  afterAll(() => world.stop());
  return world;
}
