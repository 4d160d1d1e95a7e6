"use client";

import { Check, Copy as CopyIcon } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "./button";
import { copyText } from "./copy-button";

function useCopy(text: string, onCopied?: () => void) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    if (!(await copyText(text))) return;
    setCopied(true);
    onCopied?.();
  };
  return { copied, copy };
}

/** A small button that copies `text`; `what` names it for screen readers ("the address"). */
export function CopyIconButton({ text, what }: { text: string; what: string }) {
  const { copied, copy } = useCopy(text);
  return (
    <Button
      variant="ghost"
      size="icon"
      className="relative z-10 size-8 text-muted sm:size-7"
      aria-label={copied ? "Copied" : `Copy ${what}`}
      onClick={copy}
    >
      {copied ? <Check aria-hidden="true" className="text-green" /> : <CopyIcon aria-hidden="true" />}
    </Button>
  );
}

/** Text to be copied as a whole: a key, a secret, a command. */
export function CopyLine({ text, what, onCopied }: { text: string; what: string; onCopied?: () => void }) {
  const { copied, copy } = useCopy(text, onCopied);
  return (
    <div className="flex items-start gap-2 rounded border border-line bg-sunken py-1 pr-1 pl-3">
      <code className="min-w-0 flex-1 py-1.5 font-mono text-[13px] leading-5 whitespace-pre-wrap wrap-anywhere">
        {text}
      </code>
      <Button size="sm" aria-label={`Copy ${what}`} onClick={copy}>
        {copied ? <Check aria-hidden="true" className="text-green" /> : <CopyIcon aria-hidden="true" />}
        <span aria-live="polite">{copied ? "Copied" : "Copy"}</span>
      </Button>
    </div>
  );
}

/** An address or hash: in mono, shortened in the middle (6…6), the whole in its title, with a button that copies it. */
export function Hash({ value, what = "the hash" }: { value: string; what?: string }) {
  const short = value.length > 15 ? `${value.slice(0, 6)}…${value.slice(-6)}` : value;
  return (
    <span className="inline-flex items-center gap-0.5 align-middle">
      <span className="font-mono text-[13px]" title={value}>
        {short}
      </span>
      <CopyIconButton text={value} what={what} />
    </span>
  );
}
