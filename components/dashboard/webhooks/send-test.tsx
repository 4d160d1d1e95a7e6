"use client";

import { useState } from "react";
import { Code } from "@/components/dashboard/details";
import { useAction } from "@/components/dashboard/use-action";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";
import type { Action } from "@/lib/auth/actions";

export type TestResult = {
  url: string;
  request: { headers: Record<string, string>; body: string };
  response: {
    delivered: boolean;
    statusCode: number | null;
    body: string | null;
    durationMs: number;
    error: string | null;
  };
};

/** Sends an example webhook now and shows what went out and what came back. */
export function SendTest({ url, send }: { url: string | null; send: Action<{ url: string }, TestResult> }) {
  const [target, setTarget] = useState(url ?? "");
  const [result, setResult] = useState<TestResult | null>(null);
  const { run, pending, problem } = useAction(send);
  return (
    <Dialog
      title="Send a test webhook"
      description="An example, signed as every webhook, sent once. It says is_test, whatever mode you are in."
      trigger={<Button>Send a test</Button>}
    >
      <div className="flex flex-col gap-4">
        <Field label="URL" hint="Left empty: your default URL." error={problem ?? undefined}>
          {(control) => (
            <Input
              {...control}
              type="url"
              inputMode="url"
              autoComplete="off"
              value={target}
              onChange={(event) => setTarget(event.target.value)}
              placeholder="https://shop.example.com/webhooks/usdt"
            />
          )}
        </Field>
        <Button
          variant="primary"
          disabled={pending}
          onClick={() => {
            setResult(null);
            run({ url: target.trim() }, setResult);
          }}
        >
          {pending ? "Waiting for the answer" : "Send"}
        </Button>
        {result && <Answer result={result} />}
      </div>
    </Dialog>
  );
}

function Answer({ result: { request, response } }: { result: TestResult }) {
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
  return (
    <div className="flex flex-col gap-3" aria-live="polite">
      <Notice tone={response.delivered ? "green" : "red"}>
        {response.delivered
          ? `Delivered: answered ${response.statusCode} after ${response.durationMs} ms`
          : `Not delivered: ${response.error ?? `answered ${response.statusCode}`} (${response.durationMs} ms)`}
      </Notice>
      {response.body && (
        <>
          <h3 className="text-sm font-medium">What came back</h3>
          <Code label="Answer">{response.body}</Code>
        </>
      )}
      <h3 className="text-sm font-medium">What was sent</h3>
      <Code label="Request">{`${headers.join("\n")}\n\n${request.body}`}</Code>
    </div>
  );
}
