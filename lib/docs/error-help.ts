import type { ErrorCode } from "@/lib/errors";

/** Why each error happens and what to do: the errors page. A code without an entry does not compile. */
export const ERROR_HELP: Record<ErrorCode, { cause: string; cure: string }> = {
  invalid_request: {
    cause: "A field, a query parameter or a header does not have the form it must have.",
    cure: "Read `details`: it lists every problem with its field. Correct them and send the request again.",
  },
  malformed_json: {
    cause: "The body is not valid JSON or is not UTF-8.",
    cure: "Build the body with your language's JSON library and send it as UTF-8.",
  },
  no_wallet: {
    cause: "You have no wallet on the network of the invoice, or none at all.",
    cure: "Add one in the dashboard under Wallets, or with `wallet:add`. Test invoices need one too.",
  },
  network_unavailable: {
    cause: "A live invoice was asked for on a network that this gateway does not watch.",
    cure: "Use another network, or set the network's `…_RPC_URLS` on the server. Test invoices need no network.",
  },
  invoice_not_cancellable: {
    cause: "The invoice is no longer pending, or a payment of it was seen.",
    cure: "Read the invoice again. If a payment was seen it will be confirmed: refund it yourself if the order is off.",
  },
  invoice_not_pending: {
    cause:
      "The sandbox was asked to pay or expire a test invoice that is no longer pending, or that a payment was seen of.",
    cure: "Create another test invoice. The scenario `late` also works with an expired one.",
  },
  transfer_not_acceptable: {
    cause:
      "The transfer cannot pay this invoice: other network or mode, not deep enough yet, no longer on the chain, or one of the two is used already. The message says which.",
    cure: "Wait for its confirmations, or choose another invoice.",
  },
  no_webhook_url: {
    cause: "A test webhook has nowhere to go: no `url`, no `callbackUrl` and no default URL.",
    cure: "Give `url`, or set a default webhook URL.",
  },
  url_not_allowed: {
    cause: "The URL leads to an address that webhooks may not reach, or carries a user name or password.",
    cure: "Use a public http(s) address. In development set `WEBHOOK_ALLOW_CIDRS` on the server.",
  },
  unauthenticated: {
    cause: "There is no API key in the request, or it is not valid (any more).",
    cure: "Send `Authorization: Bearer test_…` or `live_…`, with a key that was not replaced since.",
  },
  account_suspended: {
    cause: "The operator suspended the account. Open invoices are still watched and credited.",
    cure: "Ask the operator of this gateway.",
  },
  test_key_required: {
    cause: "A live key was used with the sandbox.",
    cure: "Use your test key. Live invoices are paid on the network only.",
  },
  not_found: {
    cause:
      "Nothing is there: a wrong id or path, another merchant's invoice, or one of the other mode. They are not told apart.",
    cure: "Check the id, and that the key is of the mode the invoice was created in.",
  },
  method_not_allowed: {
    cause: "The path exists, but not with this method.",
    cure: "Use a method that the `Allow` header names.",
  },
  duplicate_reference: {
    cause: "You have an invoice with this `reference` in this mode already. `invoiceId` in the answer names it.",
    cure: "Read that invoice, it is probably the one you mean. To repeat requests safely, send an `Idempotency-Key`.",
  },
  amount_unavailable: {
    cause:
      "Every amount from the one you asked for up to your adjustment limit is taken on your wallets of this network.",
    cure: "Try again after `Retry-After` seconds, ask for another amount, raise the limit in the settings, or add a wallet.",
  },
  idempotency_in_flight: {
    cause: "A request with this `Idempotency-Key` is still being worked on.",
    cure: "Wait for `Retry-After` seconds and send the same request again: you get the first one's answer.",
  },
  body_too_large: {
    cause: "The body is larger than 128 KB.",
    cure: "Send less. `metadata` holds 16 KB; keep larger data on your side under the invoice's reference.",
  },
  unsupported_media_type: {
    cause: "The body's content type is not JSON.",
    cure: "Send `Content-Type: application/json`.",
  },
  idempotency_mismatch: {
    cause: "This `Idempotency-Key` was used within the last 24 hours with another body or path.",
    cure: "Use a new key for a new request, and the very same body for a repeat.",
  },
  rate_limited: {
    cause: "More requests in a minute than the limit, which the `RateLimit-Policy` header tells.",
    cure: "Wait for `Retry-After` seconds. Rely on webhooks in place of frequent polling.",
  },
  internal: {
    cause: "Something failed on the gateway's side.",
    cure: "Try again, with an `Idempotency-Key` where you create. If it stays, give the operator the `requestId`.",
  },
  unavailable: {
    cause: "The gateway's database is restarting or out of reach.",
    cure: "Wait for `Retry-After` seconds and send the request again.",
  },
};
