import type { Metadata } from "next";
import Link from "next/link";
import { connection } from "next/server";
import type { ReactNode } from "react";
import { DocsLive } from "@/components/site/docs-live";
import { SiteFooter } from "@/components/site/footer";
import { SiteHeader } from "@/components/site/header";
import { Screenshot } from "@/components/site/screenshot";
import { button } from "@/components/ui/button";
import { NETWORKS, networkSpec } from "@/lib/chains/networks";
import { codeHtml } from "@/lib/docs/render";
import { env } from "@/lib/env";
import "./docs/docs.css";

const DESCRIPTION =
  "Non-custodial USDT payments on Tron, Ethereum and BNB Smart Chain: exact amounts, signed webhooks, a hosted pay page. Run it yourself.";

export async function generateMetadata(): Promise<Metadata> {
  await connection();
  const title = "USDT gateway: be paid in USDT, straight into your own wallet";
  const image = { url: "/images/pay-page-light.png", width: 880, height: 1720, alt: "The pay page of an invoice" };
  return {
    title,
    description: DESCRIPTION,
    metadataBase: new URL(env().appUrl),
    alternates: { canonical: "/" },
    openGraph: {
      title,
      description: DESCRIPTION,
      type: "website",
      siteName: "USDT gateway",
      url: "/",
      images: [image],
    },
  };
}

/** The start page: what the gateway does, shown with the real thing. */
export default async function StartPage() {
  // The addresses in the examples are this server's, known when it runs, not when it is built.
  await connection();
  const { appUrl, registration } = env();
  const [create, receive, host] = await Promise.all([
    codeHtml(createSample(appUrl), "sh"),
    codeHtml(RECEIVE, "js"),
    codeHtml("npm ci\nnpm start", "sh"),
  ]);
  return (
    <>
      <SiteHeader canRegister={registration === "open"} />
      <DocsLive hasExamples={false} />
      <main className="mx-auto w-full max-w-6xl px-4 sm:px-6">
        <section className="grid items-center gap-12 pt-14 pb-20 lg:grid-cols-[minmax(0,1fr)_22rem] lg:pt-20">
          <div className="min-w-0">
            <h1 className="max-w-2xl text-4xl leading-[1.1] font-semibold tracking-tight text-balance sm:text-5xl">
              Be paid in USDT, straight into your own wallet
            </h1>
            <p className="mt-5 max-w-xl text-lg leading-8 text-muted">
              Create an invoice with one request. The gateway watches Tron, Ethereum and BNB Smart Chain, recognises the
              payment by its exact amount, and tells your shop with a signed webhook. It holds no keys and no money.
            </p>
            <div className="mt-8 flex flex-wrap gap-3">
              <Link href="/docs/quick-start" className={button.primary}>
                Quick start
              </Link>
              <a href="/reference" className={button.secondary}>
                Try the API
              </a>
            </div>
            <Code html={create} className="mt-10" />
          </div>
          <Screenshot
            name="pay-page"
            alt="The pay page of an invoice: the exact amount, the network with its warning, the QR code and address, the time left, and the state of the payment."
            width={440}
            height={860}
            className="mx-auto max-lg:max-w-88"
          />
        </section>

        <Section title="How a payment goes">
          <ol className="grid gap-px overflow-hidden rounded border bg-line sm:grid-cols-3">
            <Step number="1" title="You create an invoice">
              It gets an exact amount that no other open invoice of that wallet has: 150.0000, or 150.0001 if that is
              taken.
            </Step>
            <Step number="2" title="Your customer pays">
              From the hosted page or from yours, to your own address. Nothing passes through the gateway.
            </Step>
            <Step number="3" title="You are told">
              Once the transfer is deep enough, the invoice is confirmed and a signed webhook is sent, until your server
              has answered.
            </Step>
          </ol>
        </Section>

        <Section title="Networks">
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard. */}
          <div className="overflow-x-auto rounded border bg-surface" tabIndex={0}>
            <table className="w-full text-left text-sm">
              <thead className="text-muted">
                <tr>
                  <Head>Network</Head>
                  <Head isExtra>assetCode</Head>
                  <Head>Confirmed after</Head>
                  <Head>On this gateway</Head>
                </tr>
              </thead>
              <tbody>
                {NETWORKS.map((network) => {
                  const { label, assetCode, confirmations, rpcUrls } = networkSpec(network);
                  return (
                    <tr key={network} className="border-t">
                      <Cell>{label}</Cell>
                      <Cell isExtra>
                        <code className="font-mono text-[13px]">{assetCode}</code>
                      </Cell>
                      <Cell>{confirmations} confirmations</Cell>
                      <Cell>{rpcUrls.length > 0 ? "Test and live" : "Test"}</Cell>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </div>
        </Section>

        <Section title="When something goes wrong">
          <dl className="grid gap-x-10 gap-y-8 sm:grid-cols-2">
            <Fact title="The customer pays a wrong amount, or too late">
              The transfer is kept with the reason and the invoice it was probably meant for. You accept it, and the
              order goes on.
            </Fact>
            <Fact title="The server was down">
              Blocks are read from where it stopped, and payments count by the time of their block: the result is the
              same as having been there.
            </Fact>
            <Fact title="A node lies or lags">
              Before a payment is confirmed, its transaction is asked about again, at a second node. If the two
              disagree, nothing is confirmed until they agree.
            </Fact>
            <Fact title="A block leaves the chain">
              An invoice that was only seen is open again, as if nothing had come. It is confirmed when the payment is
              deep enough not to go.
            </Fact>
            <Fact title="Your receiver is down">
              Ten retries over about eight and a half hours, each with the same id and bytes. Every attempt is on
              record, and any can be sent again by hand.
            </Fact>
            <Fact title="Two customers owe the same amount">
              They never get the same one: the database keeps an amount on a wallet to one open invoice, under any
              concurrency.
            </Fact>
          </dl>
        </Section>

        <Section title="Believe a webhook only if it is genuine">
          <div className="grid items-start gap-8 lg:grid-cols-[minmax(0,20rem)_minmax(0,1fr)]">
            <div className="space-y-4 leading-7 text-muted">
              <p>
                Every webhook carries an HMAC-SHA256 of its body, and the headers of Standard Webhooks. The docs have
                the code to verify it in seven languages; our tests run it as it stands there, where a language can be
                run.
              </p>
              <p>
                <Link href="/docs/webhooks" className="text-accent underline underline-offset-4">
                  Webhooks
                </Link>
              </p>
            </div>
            <Code html={receive} />
          </div>
        </Section>

        <Section title="Everything where you look for it">
          <Screenshot
            name="dashboard"
            alt="The dashboard: invoices, unmatched transfers, wallets, keys and webhooks of a merchant in test mode."
            width={1280}
            height={800}
            className="w-full"
          />
        </Section>

        <Section title="Measured">
          <dl className="grid gap-x-10 gap-y-8 sm:grid-cols-2 lg:grid-cols-4">
            <Fact title="0 of 10,000 payments">
              lost, doubled or credited wrongly, while servers and databases were killed, chains reorganised and nodes
              lied. <code className="font-mono text-[13px]">npm run soak</code>
            </Fact>
            <Fact title="About 1 s">
              from a payment’s last confirmation to its webhook in 95 of 100 cases, asking the node once a second.{" "}
              <code className="font-mono text-[13px]">npm run bench -- latency</code>
            </Fact>
            <Fact title="2 calls a block">
              to a node, with one wallet or a hundred thousand.{" "}
              <code className="font-mono text-[13px]">npm run bench -- calls</code>
            </Fact>
            <Fact title="2 KB of JavaScript">
              on the pay page, which is whole without it.{" "}
              <code className="font-mono text-[13px]">npm run bench -- pay</code>
            </Fact>
          </dl>
          <p className="mt-8 text-sm text-muted">
            On two shared processor cores, with the commands named; yours will differ, and you can run them.
          </p>
        </Section>

        <Section title="Run it yourself">
          <div className="grid items-start gap-8 lg:grid-cols-[minmax(0,20rem)_minmax(0,1fr)]">
            <p className="leading-7 text-muted">
              Node.js is all it needs; PostgreSQL comes along. Give it node URLs when you go live, and a database, a
              queue and several servers when you grow.{" "}
              <Link href="/docs/self-hosting" className="text-accent underline underline-offset-4">
                Self-hosting
              </Link>
            </p>
            <Code html={host} />
          </div>
        </Section>
      </main>
      <SiteFooter />
    </>
  );
}

const createSample = (appUrl: string) => `curl -s ${appUrl}/api/v1/invoices \\
  -H "Authorization: Bearer test_YOUR_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{ "amountUsdt": "150.0000", "assetCode": "USDT_TRC20",
        "reference": "ORDER-12345" }'`;

const RECEIVE = `import { createHmac, timingSafeEqual } from "node:crypto";

const expected = createHmac("sha256", WEBHOOK_SECRET).update(rawBody).digest("hex");
const given = Buffer.from(request.headers["x-webhook-signature"] ?? "");
if (given.length !== expected.length || !timingSafeEqual(given, Buffer.from(expected))) {
  return response.writeHead(401).end();
}`;

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="border-t py-14 sm:py-16">
      <h2 className="mb-8 text-2xl font-semibold tracking-tight">{title}</h2>
      {children}
    </section>
  );
}

function Step({ number, title, children }: { number: string; title: string; children: ReactNode }) {
  return (
    <li className="bg-surface p-6">
      <p className="font-mono text-sm text-muted">{number}</p>
      <h3 className="mt-3 font-medium">{title}</h3>
      <p className="mt-1 leading-6 text-muted">{children}</p>
    </li>
  );
}

function Fact({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div>
      <dt className="font-medium">{title}</dt>
      <dd className="mt-1 leading-7 text-muted">{children}</dd>
    </div>
  );
}

type CellProps = { children: ReactNode; isExtra?: boolean };
/** An extra column is not there on a phone. */
const cellClass = (isExtra?: boolean) => `px-4 py-3 ${isExtra ? "max-sm:hidden" : ""}`;
const Head = ({ children, isExtra }: CellProps) => <th className={`font-normal ${cellClass(isExtra)}`}>{children}</th>;
const Cell = ({ children, isExtra }: CellProps) => <td className={cellClass(isExtra)}>{children}</td>;

function Code({ html, className = "" }: { html: string; className?: string }) {
  // biome-ignore lint/security/noDangerouslySetInnerHtml: our own code, coloured by lib/docs.
  return <div className={`docs min-w-0 ${className}`} dangerouslySetInnerHTML={{ __html: html }} />;
}
