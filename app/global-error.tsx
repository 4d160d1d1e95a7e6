"use client";

import "./globals.css";
import { button } from "@/components/ui/button";
import { Message } from "@/components/ui/message";

/** The last resort, when the root layout itself failed: it brings its own document. */
export default function GlobalError({ retry }: { error: unknown; retry: () => void }) {
  return (
    <html lang="en">
      <body>
        <title>This page could not be loaded</title>
        <Message
          title="This page could not be loaded"
          action={
            <button type="button" className={button.primary} onClick={() => retry()}>
              Try again
            </button>
          }
        >
          <p>The fault is ours. Nothing was changed: a payment you sent is on the network and will be counted.</p>
        </Message>
      </body>
    </html>
  );
}
