import type { Metadata } from "next";
import { connection } from "next/server";
import { env } from "@/lib/env";

export const metadata: Metadata = { title: "USDT gateway" };

/** The start page: what this is, how it works, the first commands. */
export default async function StartPage() {
  // The addresses below are this server's, known when it runs, not when it is built.
  await connection();
  const { appUrl } = env();
  return (
    <main className="mx-auto w-full max-w-2xl px-6 py-16 sm:py-24">
      <h1 className="text-3xl font-semibold tracking-tight">USDT gateway</h1>
      <p className="mt-3 leading-6 text-muted">
        This server takes USDT payments on Tron, Ethereum and BNB Smart Chain. It holds no keys and no money: customers
        pay straight into the merchant’s wallet, and the gateway reads the networks.
      </p>
      <ol className="mt-8 list-decimal space-y-2 pl-5 leading-6 marker:text-muted">
        <li>A merchant creates an invoice; it gets an exact amount that no other open invoice of the wallet has.</li>
        <li>The customer sends that amount to the merchant’s address.</li>
        <li>The gateway sees the transfer, waits for its confirmations and sends the merchant a signed webhook.</li>
      </ol>
      <h2 className="mt-12 text-lg font-semibold">Start</h2>
      <Step title="Make a merchant. It prints the API keys.">
        {`npm run --silent admin -- merchant:create \\\n  --email you@example.com --name "My shop"`}
      </Step>
      <Step title="Give it a wallet to be paid into.">
        {`npm run --silent admin -- wallet:add \\\n  --merchant MERCHANT_ID --network ethereum --address 0x…`}
      </Step>
      <Step title="Create a test invoice. Open its paymentUrl.">
        {`curl -s ${appUrl}/api/v1/invoices \\\n  -H "Authorization: Bearer TEST_KEY" \\\n  -H "Content-Type: application/json" \\\n  -d '{"amountUsdt": "10.00"}'`}
      </Step>
      <p className="mt-12 text-sm text-muted">
        State of this server:{" "}
        <a className="text-accent underline underline-offset-4" href="/api/health">
          /api/health
        </a>
      </p>
    </main>
  );
}

function Step({ title, children }: { title: string; children: string }) {
  return (
    <div className="mt-5">
      <p className="text-sm text-muted">{title}</p>
      <pre className="mt-2 rounded border border-line bg-surface p-4 text-[13px] leading-5 whitespace-pre-wrap wrap-anywhere">
        <code className="font-mono">{children}</code>
      </pre>
    </div>
  );
}
