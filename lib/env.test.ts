import { describe, expect, it } from "vitest";
import { EnvError, loadEnv } from "./env";

const EVM = "0xdAC17F958D2ee523a2206206994597C13D831ec7";
const TRON = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";
const NETWORK_OFF = { rpcUrls: [] };

function refusal(source: Record<string, string>): string {
  try {
    loadEnv(source);
  } catch (error) {
    expect(error).toBeInstanceOf(EnvError);
    return (error as Error).message;
  }
  throw new Error(`accepted: ${JSON.stringify(source)}`);
}

describe("loadEnv", () => {
  it("works with nothing set: every variable has its documented default", () => {
    expect(loadEnv({})).toEqual({
      port: 3000,
      dataDir: ".data",
      appUrl: "http://localhost:3000",
      payUrl: "http://localhost:3000/pay",
      networks: { tron: NETWORK_OFF, ethereum: NETWORK_OFF, bsc: NETWORK_OFF },
      webhookAllowCidrs: [],
      rateLimitMultiplier: 1,
      registration: "open",
      development: false,
      logLevel: "info",
    });
  });

  it("derives APP_URL from PORT and PAY_URL from APP_URL, and cuts slashes at the end", () => {
    expect(loadEnv({ PORT: "8080" })).toMatchObject({
      appUrl: "http://localhost:8080",
      payUrl: "http://localhost:8080/pay",
    });
    expect(loadEnv({ APP_URL: "https://shop.example.com/gateway//" })).toMatchObject({
      appUrl: "https://shop.example.com/gateway",
      payUrl: "https://shop.example.com/gateway/pay",
    });
    expect(loadEnv({ APP_URL: "https://a.example.com", PAY_URL: "https://pay.example.com/" })).toMatchObject({
      appUrl: "https://a.example.com",
      payUrl: "https://pay.example.com",
    });
  });

  const GOOD: [string, string, object][] = [
    ["PORT", "1", { port: 1 }],
    ["PORT", " 65535 ", { port: 65535 }],
    ["DATA_DIR", "/var/lib/gateway", { dataDir: "/var/lib/gateway" }],
    ["DATABASE_URL", "postgres://u:p@h:5432/n", { databaseUrl: "postgres://u:p@h:5432/n" }],
    ["DATABASE_URL", "postgresql://h/n?sslmode=require", { databaseUrl: "postgresql://h/n?sslmode=require" }],
    ["AUTH_SECRET", "s".repeat(32), { authSecret: "s".repeat(32) }],
    ["ENCRYPTION_KEY", "Ab".repeat(32), { encryptionKey: "ab".repeat(32) }],
    ["METRICS_TOKEN", "m".repeat(16), { metricsToken: "m".repeat(16) }],
    ["TRONGRID_API_KEY", "key", { trongridApiKey: "key" }],
    ["INNGEST_DEV", "1", { inngest: { dev: true } }],
    ["INNGEST_DEV", "http://127.0.0.1:8288", { inngest: { dev: true, baseUrl: "http://127.0.0.1:8288" } }],
    ["INNGEST_DEV", "0", { inngest: undefined }],
    ["INNGEST_DEV", "false", { inngest: undefined }],
    ["WEBHOOK_ALLOW_CIDRS", "127.0.0.0/8, ::1/128,", { webhookAllowCidrs: ["127.0.0.0/8", "::1/128"] }],
    ["RATE_LIMIT_MULTIPLIER", "0.01", { rateLimitMultiplier: 0.01 }],
    ["RATE_LIMIT_MULTIPLIER", "1000", { rateLimitMultiplier: 1000 }],
    ["APP_URL", "HTTPS://Shop.Example.com:443/", { appUrl: "https://shop.example.com" }],
    ["APP_URL", "http://[::1]:3000", { appUrl: "http://[::1]:3000", payUrl: "http://[::1]:3000/pay" }],
    ["PAY_URL", "https:pay.example.com", { payUrl: "https://pay.example.com" }],
    ["DATABASE_URL", "postgres://u:p%23%2f@h/n", { databaseUrl: "postgres://u:p%23%2f@h/n" }],
    ["REGISTRATION", "closed", { registration: "closed" }],
    ["LOG_LEVEL", "debug", { logLevel: "debug" }],
    [
      "ETHEREUM_RPC_URLS",
      "http://a, https://b/k ,",
      { networks: { ethereum: { rpcUrls: ["http://a", "https://b/k"] } } },
    ],
    ["TRON_RPC_URLS", "https://api.trongrid.io", { networks: { tron: { rpcUrls: ["https://api.trongrid.io"] } } }],
    ["TRON_USDT_CONTRACT", TRON, { networks: { tron: { contract: TRON } } }],
    ["BSC_USDT_CONTRACT", EVM, { networks: { bsc: { contract: EVM } } }],
    ["ETHEREUM_CHAIN_ID", "11155111", { networks: { ethereum: { chainId: 11155111 } } }],
    ["BSC_CONFIRMATIONS", "1", { networks: { bsc: { confirmations: 1 } } }],
    ["ETHEREUM_FINALITY", "finalized", { networks: { ethereum: { finality: "finalized" } } }],
    ["BSC_FINALITY", "depth", { networks: { bsc: { finality: "depth" } } }],
    ["TRON_POLL_MS", "100", { networks: { tron: { pollMs: 100 } } }],
    ["TRON_START_BLOCK", "0", { networks: { tron: { startBlock: 0 } } }],
  ];
  it.each(GOOD)("takes %s=%s", (name, value, expected) => expect(loadEnv({ [name]: value })).toMatchObject(expected));

  it("takes the shared rate limits' URL and token together", () => {
    const source = { UPSTASH_REDIS_REST_URL: "https://redis.example.com", UPSTASH_REDIS_REST_TOKEN: "t" };
    expect(loadEnv(source).upstash).toEqual({ url: "https://redis.example.com", token: "t" });
    for (const [name, value] of Object.entries(source)) {
      const missing = Object.keys(source).find((other) => other !== name) ?? "";
      expect(refusal({ [name]: value })).toMatch(new RegExp(`^${missing} must be set`));
    }
  });

  const NETWORK_WRONG = ["TRON", "ETHEREUM", "BSC"].flatMap((network): [string, string][] => [
    [`${network}_RPC_URLS`, "localhost:8545"],
    [`${network}_RPC_URLS`, "https://a,nonsense"],
    [`${network}_RPC_URLS`, "wss://a"],
    [`${network}_RPC_URLS`, ","],
    [`${network}_RPC_URLS`, "http://a;http://b"],
    [`${network}_USDT_CONTRACT`, network === "TRON" ? EVM : TRON],
    [`${network}_USDT_CONTRACT`, "0x12"],
    [`${network}_CHAIN_ID`, "0"],
    [`${network}_CHAIN_ID`, "0x38"],
    [`${network}_CONFIRMATIONS`, "0"],
    [`${network}_CONFIRMATIONS`, "10001"],
    [`${network}_FINALITY`, "Finalized"],
    [`${network}_POLL_MS`, "99"],
    [`${network}_POLL_MS`, "600001"],
    [`${network}_START_BLOCK`, "-1"],
    [`${network}_START_BLOCK`, "9007199254740993"],
  ]);
  const WRONG: [string, string][] = [
    ["PORT", "0"],
    ["PORT", "65536"],
    ["PORT", "3000.0"],
    ["PORT", "http"],
    ["PORT", "-1"],
    ["DATABASE_URL", "mysql://h/n"],
    ["DATABASE_URL", "localhost"],
    ["DATABASE_URL", "postgres:h/n"],
    ["DATABASE_URL", "postgres://u:p@h:99999/n"],
    ["DATABASE_URL", "postgres://u:pa#ss@h/n"],
    ["DATABASE_URL", "postgres://u:pa/ss@h/n"],
    ["DATABASE_URL", "postgres://u:100%@h/n"],
    ["APP_URL", "shop.example.com"],
    ["APP_URL", "https://shop.example.com/?a=1"],
    ["APP_URL", "https://shop.example.com/#a"],
    ["APP_URL", "https://u:p@shop.example.com"],
    ["APP_URL", "ftp://shop.example.com"],
    ["PAY_URL", "/pay"],
    ["AUTH_SECRET", "s".repeat(31)],
    ["ENCRYPTION_KEY", "ab".repeat(31)],
    ["ENCRYPTION_KEY", "zz".repeat(32)],
    ["PAY_URL", "https://pay.example.com?shop=1"],
    ["METRICS_TOKEN", "short"],
    ["METRICS_TOKEN", "a token with spaces"],
    ["TRONGRID_API_KEY", "two words"],
    ["TRONGRID_API_KEY", "ключ"],
    ["TRON_RPC_URLS", "https://api.trongrid.io/jsonrpc"],
    ["TRON_RPC_URLS", "https://a, https://b/key/jsonrpc/"],
    ["UPSTASH_REDIS_REST_URL", "redis.example.com"],
    ["INNGEST_BASE_URL", "inngest:8288"],
    ["INNGEST_DEV", "maybe"],
    ["INNGEST_SIGNING_KEY", "not hex"],
    ["INNGEST_SIGNING_KEY", "signkey-prod-abc"],
    ["WEBHOOK_ALLOW_CIDRS", "localhost"],
    ["WEBHOOK_ALLOW_CIDRS", "10.0.0.0"],
    ["WEBHOOK_ALLOW_CIDRS", "10.0.0.0/33"],
    ["WEBHOOK_ALLOW_CIDRS", "10.0.0.256/8"],
    ["WEBHOOK_ALLOW_CIDRS", "fd00::/129"],
    ["WEBHOOK_ALLOW_CIDRS", "127.0.0.0/8;10.0.0.0/8"],
    ["RATE_LIMIT_MULTIPLIER", "0"],
    ["RATE_LIMIT_MULTIPLIER", "-1"],
    ["RATE_LIMIT_MULTIPLIER", "many"],
    ["RATE_LIMIT_MULTIPLIER", "9".repeat(400)],
    ["REGISTRATION", "yes"],
    ["LOG_LEVEL", "verbose"],
    ...NETWORK_WRONG,
  ];
  it.each(WRONG)("refuses %s=%s with one line that names the variable and does not repeat the value", (name, value) => {
    const message = refusal({ [name]: value });
    expect(message).toMatch(new RegExp(`^${name} must `));
    expect(message).not.toContain("\n");
    if (/SECRET|KEY|TOKEN|DATABASE_URL|RPC_URLS/.test(name) && value.length > 3) expect(message).not.toContain(value);
  });

  it.each([...new Set([...GOOD.map(([name]) => name), ...WRONG.map(([name]) => name)])])(
    "treats a blank %s as unset",
    (name) => {
      for (const blank of ["", "  ", "\t"]) expect(loadEnv({ [name]: blank })).toEqual(loadEnv({}));
    },
  );

  const SIGNING_KEY = "ab".repeat(32);
  it.each([
    ["INNGEST_SIGNING_KEY", { INNGEST_EVENT_KEY: "e" }],
    ["INNGEST_SIGNING_KEY", { INNGEST_BASE_URL: "http://inngest:8288" }],
    ["INNGEST_SIGNING_KEY", { INNGEST_EVENT_KEY: "e", INNGEST_BASE_URL: "http://inngest:8288", INNGEST_DEV: "0" }],
    ["INNGEST_EVENT_KEY", { INNGEST_SIGNING_KEY: SIGNING_KEY }],
  ])("refuses Inngest without %s (%o), in one line that names it", (name, source) => {
    const message = refusal(source as Record<string, string>);
    expect(message).toMatch(new RegExp(`^${name} must be set too: .*`));
    expect(message).not.toContain("\n");
    expect(message).not.toContain(SIGNING_KEY);
  });

  it("runs background work on Inngest when both keys are set, on its cloud or on a server of one's own", () => {
    const keys = { INNGEST_EVENT_KEY: "e", INNGEST_SIGNING_KEY: `signkey-prod-${SIGNING_KEY}` };
    const inngest = { eventKey: "e", signingKey: `signkey-prod-${SIGNING_KEY}`, dev: false };
    expect(loadEnv(keys).inngest).toEqual(inngest);
    const more = { INNGEST_BASE_URL: "http://inngest:8288/", INNGEST_SERVE_ORIGIN: "http://web:3000" };
    expect(loadEnv({ ...keys, ...more }).inngest).toEqual({
      ...inngest,
      baseUrl: "http://inngest:8288",
      serveOrigin: "http://web:3000",
    });
  });

  it("ignores variables that are not its own", () => {
    expect(loadEnv({ PATH: "/usr/bin", SOLANA_RPC_URLS: "nonsense" })).toEqual(loadEnv({}));
  });
});
