"use client";

import { CircleAlert, CircleCheck, Info } from "lucide-react";
import { useState } from "react";
import { usePageContext } from "@/components/dashboard/context";
import { Button } from "@/components/ui/button";
import { cn } from "@/components/ui/cn";
import { Field } from "@/components/ui/field";
import { Input, Textarea } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";
import type { Action } from "@/lib/auth/actions";
import { checkSignature, type Finding, readHeaders } from "@/lib/webhooks/check-signature";

/**
 * Says why a signature is refused. All of it is computed in this browser; of what is pasted only the delivery's id is sent, to
 * compare the body with the bytes that went out. The fields have no names, so no form can ever carry the secret away.
 */
export function SignatureChecker({ readSentBody }: { readSentBody: Action<{ deliveryId: string }, string | null> }) {
  const page = usePageContext();
  const [body, setBody] = useState("");
  const [headers, setHeaders] = useState("");
  const [secret, setSecret] = useState("");
  const [findings, setFindings] = useState<Finding[] | null>(null);
  const [pending, setPending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  const check = async () => {
    setPending(true);
    setProblem(null);
    try {
      const { id } = readHeaders(headers);
      const sent = id ? await readSentBody(page, { deliveryId: id }).catch(() => null) : null;
      const sentBody = sent?.ok ? sent.data : null;
      setFindings(await checkSignature({ body, headers, secret, sentBody, nowSeconds: Math.floor(Date.now() / 1000) }));
    } catch {
      setFindings(null);
      setProblem(
        "This browser computes signatures only on https pages and on localhost. Open the dashboard by one of them.",
      );
    } finally {
      setPending(false);
    }
  };

  return (
    <div className="grid items-start gap-6 lg:grid-cols-2">
      <div className="flex flex-col gap-5">
        <Field label="Body" hint="As your server received it: the raw text, before it was parsed.">
          {(control) => (
            <Textarea
              {...control}
              rows={8}
              spellCheck={false}
              className="font-mono text-[13px]"
              value={body}
              onChange={(event) => setBody(event.target.value)}
            />
          )}
        </Field>
        <Field label="Headers" hint="All of them or only the signature; also what your own code computed.">
          {(control) => (
            <Textarea
              {...control}
              rows={5}
              spellCheck={false}
              className="font-mono text-[13px]"
              placeholder={"X-Webhook-Signature: …\nwebhook-id: …\nwebhook-timestamp: …\nwebhook-signature: v1,…"}
              value={headers}
              onChange={(event) => setHeaders(event.target.value)}
            />
          )}
        </Field>
        <Field label="Secret" hint="It stays in this browser: nothing of it is sent or stored.">
          {(control) => (
            <Input
              {...control}
              spellCheck={false}
              autoComplete="off"
              className="font-mono text-[13px]"
              placeholder="whsec_…"
              value={secret}
              onChange={(event) => setSecret(event.target.value)}
            />
          )}
        </Field>
        <Button variant="primary" disabled={pending} onClick={check} className="self-start">
          {pending ? "Checking" : "Check"}
        </Button>
      </div>
      <section aria-label="Result" aria-live="polite" className="flex flex-col gap-3">
        {problem && <Notice tone="red">{problem}</Notice>}
        {findings?.map((finding) => (
          <Result key={finding.code} finding={finding} />
        ))}
        {!findings && !problem && (
          <p className="rounded border border-dashed border-line-strong px-4 py-8 text-center text-sm text-muted">
            Paste a request to be told which mistake it is: another secret, the wrong key, a changed body, an encoding.
          </p>
        )}
      </section>
    </div>
  );
}

const LOOKS = {
  ok: { icon: CircleCheck, box: "border-green-line bg-green-fill", ink: "text-green" },
  mistake: { icon: CircleAlert, box: "border-red-line bg-red-fill", ink: "text-red" },
  note: { icon: Info, box: "border-line bg-sunken", ink: "text-ink" },
};

function Result({ finding }: { finding: Finding }) {
  const { icon: Icon, box, ink } = LOOKS[finding.level];
  return (
    <div className={cn("flex gap-2 rounded border px-3 py-2.5 text-sm leading-5", box)}>
      <Icon aria-hidden="true" className={cn("mt-0.5 size-4 shrink-0", ink)} />
      <div className="min-w-0 wrap-anywhere">
        <p className={cn("font-medium", ink)}>{finding.title}</p>
        <p className="text-ink">{finding.advice}</p>
      </div>
    </div>
  );
}
