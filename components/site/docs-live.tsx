"use client";

import { useEffect, useId, useState } from "react";
import { isTestKey, readTestKey, storeTestKey } from "./test-key";

/** How examples name the key. */
const PLACEHOLDER = "test_YOUR_KEY";

/** Makes the page's copy buttons work and puts the reader's own test key into the examples. */
export function DocsLive() {
  const [key, setKey] = useState<string | null>(null);
  useEffect(() => {
    setKey(readTestKey());
    document.addEventListener("click", onCopy);
    return () => document.removeEventListener("click", onCopy);
  }, []);
  useEffect(() => {
    for (const node of placeholders()) node.textContent = key ?? PLACEHOLDER;
  }, [key]);
  return <TestKey value={key} onChange={setKey} />;
}

function TestKey({ value, onChange }: { value: string | null; onChange: (key: string | null) => void }) {
  const [draft, setDraft] = useState("");
  const [isWrong, setWrong] = useState(false);
  const id = useId();
  if (value) {
    return (
      <p className="flex flex-wrap items-center gap-x-3 rounded border bg-surface px-3 py-1 text-sm text-muted print:hidden">
        <span>
          Examples carry your key <code className="font-mono text-ink">{value.slice(0, 10)}…</code>
        </span>
        <button
          type="button"
          className="min-h-8 cursor-pointer text-accent underline underline-offset-4"
          onClick={() => {
            storeTestKey(null);
            onChange(null);
          }}
        >
          Take it out
        </button>
      </p>
    );
  }
  return (
    <form
      className="needs-script flex flex-wrap items-center gap-2 text-sm print:hidden"
      onSubmit={(event) => {
        event.preventDefault();
        const key = draft.trim();
        setWrong(!isTestKey(key));
        if (!isTestKey(key)) return;
        storeTestKey(key);
        setDraft("");
        onChange(key);
      }}
    >
      <label htmlFor={id} className="text-muted">
        Your test key
      </label>
      <input
        id={id}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        placeholder="test_…"
        autoComplete="off"
        spellCheck={false}
        aria-invalid={isWrong}
        aria-describedby={`${id}-hint`}
        className="min-h-9 w-44 rounded border border-line-strong bg-surface px-2 font-mono text-[13px]"
      />
      <button
        type="submit"
        className="min-h-9 cursor-pointer rounded border border-line-strong bg-surface px-3 hover:bg-sunken"
      >
        Put into examples
      </button>
      <span id={`${id}-hint`} className={`w-full text-xs ${isWrong ? "text-red" : "text-muted"}`}>
        {isWrong
          ? "This is not a test key: it begins with test_. Live keys are not taken here."
          : "It stays in this browser tab and is not sent anywhere."}
      </span>
    </form>
  );
}

/** The places of the key: text of its own, so that it can be put back. */
function placeholders(): Element[] {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found: Text[] = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.textContent?.includes(PLACEHOLDER) && node.parentElement?.closest("article code"))
      found.push(node as Text);
  }
  for (const node of found) {
    for (let rest: Text = node; rest.data.includes(PLACEHOLDER); ) {
      const match = rest.splitText(rest.data.indexOf(PLACEHOLDER));
      const after = match.splitText(PLACEHOLDER.length);
      const place = document.createElement("span");
      place.dataset.testKey = "";
      match.replaceWith(place);
      place.append(match);
      rest = after;
    }
  }
  return [...document.querySelectorAll("[data-test-key]")];
}

async function onCopy(event: MouseEvent): Promise<void> {
  const button = event.target instanceof Element ? event.target.closest<HTMLButtonElement>("button.copy") : null;
  const code = button?.parentElement?.querySelector("code")?.textContent;
  if (!button || code === undefined || code === null) return;
  const copied = await navigator.clipboard.writeText(code).then(
    () => true,
    () => false,
  );
  button.textContent = copied ? "Copied" : "Select it";
  setTimeout(() => {
    button.textContent = "Copy";
  }, 2000);
}
