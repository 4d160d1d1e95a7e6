"use client";

import { useEffect, useId, useState } from "react";
import { isTestKey, readTestKey, storeTestKey } from "./test-key";

/** How examples name the key. */
const PLACEHOLDER = "test_YOUR_KEY";

/**
 * Makes the page's copy buttons work and puts the reader's own test key into the examples.
 * @param hasExamples whether the page has a place for it.
 */
export function DocsLive({ hasExamples }: { hasExamples: boolean }) {
  const [key, setKey] = useState<string | null>(null);
  useEffect(() => {
    setKey(readTestKey());
    document.addEventListener("click", onCopy);
    return () => document.removeEventListener("click", onCopy);
  }, []);
  useEffect(() => {
    for (const node of placeholders()) node.textContent = key ?? PLACEHOLDER;
  }, [key]);
  if (!hasExamples) return null;
  const change = (next: string | null) => {
    storeTestKey(next);
    setKey(next);
  };
  return (
    <div className="needs-script mt-4 text-sm print:hidden">
      {key === null ? <TestKeyForm onKey={change} /> : <TestKeyShown value={key} onRemove={() => change(null)} />}
    </div>
  );
}

const LINK = "min-h-8 cursor-pointer text-accent underline underline-offset-4";

function TestKeyShown({ value, onRemove }: { value: string; onRemove: () => void }) {
  return (
    <p className="flex flex-wrap items-center gap-x-3 text-muted">
      <span>
        Examples carry your key <code className="font-mono text-ink">{value.slice(0, 10)}…</code>
      </span>
      <button type="button" className={LINK} onClick={onRemove}>
        Take it out
      </button>
    </p>
  );
}

function TestKeyForm({ onKey }: { onKey: (key: string) => void }) {
  const [draft, setDraft] = useState("");
  const [isWrong, setWrong] = useState(false);
  const id = useId();
  return (
    <details>
      <summary className={`${LINK} w-fit`}>Use your own test key in the examples</summary>
      <form
        className="mt-2 flex flex-wrap items-center gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          const key = draft.trim();
          setWrong(!isTestKey(key));
          if (isTestKey(key)) onKey(key);
        }}
      >
        <label htmlFor={id} className="text-muted">
          Test key
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
          className="min-h-11 min-w-0 flex-1 rounded border border-line-strong bg-surface px-3 font-mono text-[13px] sm:max-w-80"
        />
        <button
          type="submit"
          className="min-h-11 cursor-pointer rounded border border-line-strong bg-surface px-3 hover:bg-sunken"
        >
          Use it
        </button>
        <span id={`${id}-hint`} aria-live="polite" className={`w-full text-xs ${isWrong ? "text-red" : "text-muted"}`}>
          {isWrong
            ? "This is not a test key: test keys begin with test_. Live keys are not taken here."
            : "It stays in this browser tab and is sent nowhere."}
        </span>
      </form>
    </details>
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
