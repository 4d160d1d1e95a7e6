import { QRCodeSVG } from "qrcode.react";
import type { ReactNode } from "react";
import { button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { CheckIcon, WarningIcon } from "@/components/ui/icons";
import type { PayView } from "@/lib/pay/view";
import { Address } from "./address";
import { Amount } from "./amount";
import { StatusPoller } from "./status-poller";
import { Steps } from "./steps";
import { Time } from "./time";

/** The pay page: what to send and where while there is something to send, else what happened. */
export function PayPage({ view }: { view: PayView }) {
  const open = view.status === "pending";
  return (
    <>
      {view.isTest && (
        <p className="border-b border-amber-line bg-amber-fill px-4 py-2 text-center text-sm font-medium text-amber">
          Test invoice: do not send real money
        </p>
      )}
      <main className="mx-auto w-full max-w-110 px-4 py-6 sm:py-12">
        <header className="mb-5 px-1">
          <p className="text-sm text-muted wrap-anywhere">{view.merchantName}</p>
          <h1 className="mt-0.5 text-lg font-semibold wrap-anywhere">{view.title ?? `Invoice ${view.reference}`}</h1>
          {view.description && (
            <p className="mt-1 text-sm leading-5 whitespace-pre-line text-muted wrap-anywhere">{view.description}</p>
          )}
        </header>
        <div className="divide-y divide-line rounded border border-line bg-surface">
          <Body view={view} />
        </div>
      </main>
      {open && (
        <>
          <StatusPoller shown={{ status: view.status, confirmations: view.payment?.confirmations ?? null }} />
          {/* Without JavaScript the page lives all the same. */}
          <noscript>
            <meta httpEquiv="refresh" content="20" />
          </noscript>
        </>
      )}
    </>
  );
}

function Body({ view }: { view: PayView }) {
  switch (view.state) {
    case "waiting":
      return <Waiting view={view} />;
    case "overdue":
      return (
        <Outcome tone="amber" title="The time to pay is over">
          <p>Do not send anything to this invoice now.</p>
          <p>
            If you sent {view.amountUsdtExact} USDT before <Time value={view.expiresAt} withDate={false} />, it still
            counts: we are reading the network up to that moment and will show it here.
          </p>
        </Outcome>
      );
    case "seen":
      return (
        <>
          <Outcome tone="amber" title="Payment seen">
            <p>There is nothing more to do. It confirms by itself: you can leave this page.</p>
          </Outcome>
          <Section>
            <Steps view={view} />
          </Section>
          <Facts view={view} />
        </>
      );
    case "confirmed":
      return (
        <>
          <Outcome tone="green" title="Paid">
            <p>Your payment to {view.merchantName} is confirmed.</p>
          </Outcome>
          <Facts view={view} />
          {view.returnUrl && (
            <Section>
              <a className={`${button.primary} w-full`} href={view.returnUrl} rel="noopener">
                Return to {view.merchantName}
              </a>
            </Section>
          )}
        </>
      );
    case "expired":
      return (
        <>
          <Outcome tone="grey" title="This invoice has expired">
            <p>No payment of this amount came in time. Do not send anything to it now.</p>
            <p>
              To pay, ask {view.merchantName} for a new invoice. If you have already sent something, send them this
              reference and your transaction hash.
            </p>
          </Outcome>
          <Facts view={view} />
        </>
      );
    case "cancelled":
      return (
        <>
          <Outcome tone="grey" title="This invoice was cancelled">
            <p>Do not send anything to it.</p>
            <p>
              If you have already sent something, send {view.merchantName} this reference and your transaction hash.
            </p>
          </Outcome>
          <Facts view={view} />
        </>
      );
  }
}

function Waiting({ view }: { view: PayView }) {
  return (
    <>
      <Section>
        <p className="text-sm text-muted">Send exactly</p>
        <Amount value={view.amountUsdtExact} />
        {view.amountAsked && (
          <p className="mt-1 text-sm leading-5 text-muted">
            The last digits tell your payment from others: {view.amountAsked} was asked for, and only{" "}
            {view.amountUsdtExact} pays this invoice.
          </p>
        )}
        <div className="mt-3">
          <CopyButton text={view.amountUsdtExact} label="Copy amount" copied="Amount copied" />
        </div>
      </Section>
      <Section>
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-sm text-muted">
          on
          <span className="rounded border border-line-strong bg-sunken px-2 py-0.5 font-medium text-ink">
            {view.networkLabel}
          </span>
        </p>
        <p className="mt-2 flex gap-2 text-sm leading-5 text-amber">
          <span className="mt-0.5">
            <WarningIcon />
          </span>
          <span>
            Send only USDT, and only on {view.networkLabel}. Anything else cannot be credited and may be lost. If you
            pay from an exchange, add its fee: exactly this amount must arrive.
          </span>
        </p>
      </Section>
      <Section>
        <p className="text-sm text-muted">to this address</p>
        {/* White in both themes: many scanners fail on light modules over dark. */}
        <div className="mt-3 flex justify-center">
          <QRCodeSVG
            value={view.address}
            size={192}
            marginSize={4}
            level="M"
            title={`QR code of the address ${view.address}`}
            className="rounded border border-line"
          />
        </div>
        <div className="mt-4">
          <Address value={view.address} />
        </div>
        <div className="mt-3">
          <CopyButton text={view.address} label="Copy address" copied="Address copied" />
        </div>
      </Section>
      <Section>
        <p role="status" className="text-sm">
          <span className="font-medium">
            {view.minutesLeft} {view.minutesLeft === 1 ? "minute" : "minutes"} left
          </span>
          <span className="text-muted">
            : pay by <Time value={view.expiresAt} withDate={false} />
          </span>
        </p>
        <div className="mt-4 text-sm">
          <Steps view={view} />
        </div>
      </Section>
    </>
  );
}

function Section({ children }: { children: ReactNode }) {
  return <section className="p-4 sm:px-6 sm:py-5">{children}</section>;
}

const TONE = {
  amber: "border-amber-line bg-amber-fill text-amber",
  green: "border-green-line bg-green-fill text-green",
  grey: "border-line-strong bg-sunken text-muted",
};

function Outcome({ tone, title, children }: { tone: keyof typeof TONE; title: string; children: ReactNode }) {
  return (
    <Section>
      <div role="status">
        <h2 className="flex items-center gap-3 text-2xl font-semibold tracking-tight">
          <span className={`flex size-8 shrink-0 items-center justify-center rounded-full border ${TONE[tone]}`}>
            {tone === "green" ? (
              <CheckIcon />
            ) : tone === "amber" ? (
              <span className="size-2 rounded-full bg-current" />
            ) : (
              <span className="h-0.5 w-3 bg-current" />
            )}
          </span>
          {title}
        </h2>
        <div className="mt-3 space-y-2 text-sm leading-5 text-muted">{children}</div>
      </div>
    </Section>
  );
}

/** The receipt, or what one needs to ask about an invoice that was not paid. No address: there is nothing to send. */
function Facts({ view }: { view: PayView }) {
  const facts: [string, ReactNode][] = [
    ["Amount", `${view.amountUsdtExact} USDT`],
    ["Network", view.networkLabel],
    ["Reference", <span key="reference">{view.reference}</span>],
  ];
  if (view.payment) {
    facts.push([
      "Transaction",
      <code key="hash" className="font-mono text-[13px] select-all">
        {view.payment.txHash}
      </code>,
    ]);
  }
  if (view.paidAt) facts.push(["Paid", <Time key="paid" value={view.paidAt} />]);
  else if (view.closedAt)
    facts.push([view.state === "cancelled" ? "Cancelled" : "Expired", <Time key="closed" value={view.closedAt} />]);
  return (
    <Section>
      <dl className="grid grid-cols-[6rem_1fr] gap-y-2 text-sm leading-5">
        {facts.map(([name, value]) => (
          <div key={name} className="col-span-2 grid grid-cols-subgrid">
            <dt className="text-muted">{name}</dt>
            <dd className="wrap-anywhere">{value}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
