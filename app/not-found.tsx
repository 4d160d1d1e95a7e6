import { Message } from "@/components/ui/message";

/** Nothing at this address: neither a page nor an invoice. Also on the pay host, so it names no page of ours. */
export default function NotFound() {
  return (
    <>
      <title>Not found</title>
      <Message title="There is nothing here">
        <p>Check the address for typing errors.</p>
        <p>
          To pay an invoice, open its link again from where you got it. If it still leads here, ask whoever sent it for
          a new one, and do not send money without it.
        </p>
      </Message>
    </>
  );
}
