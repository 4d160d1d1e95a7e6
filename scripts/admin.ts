import { parseArgs } from "node:util";
import { lineOf } from "@/lib/errors";
import { withDatabase } from "./with-database";

/**
 * The operator's command line: `npm run --silent admin -- <command> [--option value]`. One JSON value on stdout; an error is
 * one line on stderr and exit code 1. Works beside a running server or without one.
 */

type Options = Record<string, string | undefined>;
type Command = { required: string[]; optional?: string[]; run: (options: Options) => Promise<unknown> };

const ACTOR = "operator";

const COMMANDS: Record<string, Command> = {
  "merchant:create": {
    required: ["email", "name"],
    optional: ["password"],
    run: async (options) => {
      const { createMerchant, createMerchantSchema } = await import("@/lib/merchants/service");
      return createMerchant(await parse(createMerchantSchema, options), ACTOR);
    },
  },
  "merchant:suspend": { required: ["merchant"], run: (options) => setStatus(options, "suspended") },
  "merchant:activate": { required: ["merchant"], run: (options) => setStatus(options, "active") },
  "password:reset": {
    required: ["email"],
    optional: ["password"],
    run: async (options) => {
      const [{ resetPassword }, { resetPasswordSchema }] = await Promise.all([
        import("@/lib/auth/service"),
        import("@/lib/auth/schema"),
      ]);
      return resetPassword(await parse(resetPasswordSchema, options), ACTOR);
    },
  },
  "wallet:add": {
    required: ["merchant", "network", "address"],
    optional: ["label"],
    run: async (options) => {
      const [{ addWallet }, { addWalletSchema }] = await Promise.all([
        import("@/lib/wallets/service"),
        import("@/lib/wallets/schema"),
      ]);
      const wallet = await addWallet(uuid(options.merchant), await parse(addWalletSchema, options), ACTOR);
      const { id: walletId, network, address, label, isDefault } = wallet;
      return { walletId, network, address, label, isDefault };
    },
  },
  "scan:status": {
    required: [],
    run: async () => (await import("@/lib/health/service")).networksHealth(),
  },
  "scan:rescan": {
    required: ["network", "from", "to"],
    run: async (options) => {
      const { rescan, rescanSchema } = await import("@/lib/transfers/rescan");
      return rescan(await parse(rescanSchema, options));
    },
  },
  "transfer:list": {
    required: [],
    optional: ["merchant", "mode"],
    run: async ({ merchant, mode }) => {
      const { listUnmatchedTransfers } = await import("@/lib/transfers/unmatched");
      if (mode !== undefined && mode !== "test" && mode !== "live") throw new UsageError("--mode must be test or live");
      return listUnmatchedTransfers({ merchantId: merchant === undefined ? null : uuid(merchant), mode: mode ?? null });
    },
  },
  "transfer:accept": {
    required: ["transfer", "invoice"],
    run: async ({ transfer, invoice }) => {
      const { acceptTransfer } = await import("@/lib/transfers/unmatched");
      return acceptTransfer(uuid(transfer), uuid(invoice), ACTOR);
    },
  },
  "key:rotate": {
    required: ["merchant", "mode"],
    optional: ["grace"],
    run: async (options) => {
      const { rotateApiKey, rotateKeySchema } = await import("@/lib/merchants/rotation");
      return rotateApiKey(uuid(options.merchant), await parse(rotateKeySchema, options), ACTOR);
    },
  },
  "webhook:rotate-secret": {
    required: ["merchant"],
    optional: ["grace"],
    run: async (options) => {
      const { rotateSecretSchema, rotateWebhookSecret } = await import("@/lib/merchants/rotation");
      return rotateWebhookSecret(uuid(options.merchant), await parse(rotateSecretSchema, options), ACTOR);
    },
  },
  "webhook:set-url": {
    required: ["merchant", "url"],
    run: async (options) => {
      const { changeWebhookUrl } = await import("@/lib/merchants/rotation");
      await changeWebhookUrl(uuid(options.merchant), options.url ?? null, ACTOR);
      return { merchantId: options.merchant, webhookUrl: options.url };
    },
  },
  "webhook:resend": {
    required: ["delivery"],
    run: async (options) => {
      const { resendDelivery } = await import("@/lib/webhooks/resend");
      return resendDelivery(uuid(options.delivery), ACTOR);
    },
  },
};

class UsageError extends Error {}

async function setStatus(options: Options, status: "active" | "suspended") {
  const { changeMerchantStatus } = await import("@/lib/merchants/service");
  const merchantId = uuid(options.merchant);
  await changeMerchantStatus(merchantId, status, ACTOR);
  return { merchantId, status };
}

function uuid(text: string | undefined): string {
  if (text && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text.toLowerCase();
  throw new UsageError(`${text} is not an id: ids look like 550e8400-e29b-41d4-a716-446655440000`);
}

async function parse<T>(schema: import("zod").ZodType<T>, options: Options): Promise<T> {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UsageError(`--${issue?.path.join(".")}: ${issue?.message}`);
}

function readCommand(argv: string[]): { command: Command; options: Options } {
  const [name, ...rest] = argv;
  const command = name === undefined ? undefined : COMMANDS[name];
  if (!command) {
    const known = Object.keys(COMMANDS).join(", ");
    throw new UsageError(name ? `unknown command ${name}; there are: ${known}` : `name a command: ${known}`);
  }
  const names = [...command.required, ...(command.optional ?? [])];
  const { values } = parseArgs({
    args: rest,
    options: Object.fromEntries(names.map((option) => [option, { type: "string" as const }])),
  });
  const options = values as Options;
  const missing = command.required.filter((option) => !options[option]);
  if (missing.length > 0) throw new UsageError(`${name} needs ${missing.map((option) => `--${option}`).join(", ")}`);
  return { command, options };
}

async function main(): Promise<void> {
  // Logs would mix with the answer on stdout.
  process.env.LOG_LEVEL = "silent";
  const { command, options } = readCommand(process.argv.slice(2));
  const result = await withDatabase(async () => {
    const { closeDb } = await import("@/db/client");
    try {
      return await command.run(options);
    } finally {
      await closeDb();
    }
  });
  console.log(JSON.stringify(result));
}

main().catch((error: unknown) => {
  console.error(lineOf(error));
  process.exitCode = 1;
});
