"use client";

import type MiniSearch from "minisearch";
import { useRouter } from "next/navigation";
import { useEffect, useId, useRef, useState } from "react";
import { SEARCH_OPTIONS, SEARCH_QUERY, type SearchHit } from "@/lib/docs/search-options";

const SHOWN = 8;

/** Search over the docs. The index comes from this server when the search is opened first. */
export function DocsSearch() {
  const dialog = useRef<HTMLDialogElement>(null);
  const index = useRef<MiniSearch | null>(null);
  const [state, setState] = useState<"idle" | "loading" | "ready" | "failed">("idle");
  const [query, setQuery] = useState("");
  const [active, setActive] = useState(0);
  const router = useRouter();
  const id = useId();

  const hits = state === "ready" && query.trim() !== "" ? find(index.current, query) : [];

  async function open() {
    if (dialog.current?.open) return;
    dialog.current?.showModal();
    if (index.current) return;
    setState("loading");
    try {
      index.current = await load();
      setState("ready");
    } catch {
      setState("failed");
    }
  }

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isTyping = event.target instanceof Element && event.target.closest("input, textarea, select");
      const isShortcut = (event.key === "/" && !isTyping) || (event.key === "k" && (event.metaKey || event.ctrlKey));
      if (!isShortcut) return;
      event.preventDefault();
      dialog.current?.querySelector("input")?.focus();
      document.getElementById(`${id}-open`)?.click();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [id]);

  function go(hit: SearchHit | undefined) {
    if (!hit) return;
    dialog.current?.close();
    setQuery("");
    router.push(hit.id);
  }

  return (
    <>
      <button
        id={`${id}-open`}
        type="button"
        onClick={open}
        className="needs-script inline-flex min-h-9 cursor-pointer items-center gap-3 rounded border border-line-strong bg-surface px-3 text-sm text-muted hover:text-ink max-sm:order-last max-sm:mb-2 max-sm:min-h-11 max-sm:w-full"
      >
        Search
        <kbd className="ml-auto rounded border px-1.5 font-mono text-xs max-sm:hidden">/</kbd>
      </button>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself. */}
      <dialog
        ref={dialog}
        aria-label="Search the docs"
        className="mx-auto mt-[12vh] w-[min(40rem,calc(100vw-2rem))] rounded border border-line-strong bg-surface p-0 text-ink backdrop:bg-black/40"
        onClick={(event) => {
          if (event.target === dialog.current) dialog.current?.close();
        }}
      >
        <input
          type="search"
          role="combobox"
          aria-label="Search the docs"
          aria-expanded={hits.length > 0}
          aria-controls={`${id}-hits`}
          aria-activedescendant={hits.length > 0 ? `${id}-${active}` : undefined}
          autoComplete="off"
          placeholder="Search the docs"
          className="w-full border-b bg-transparent px-4 py-4 text-base outline-none placeholder:text-muted"
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setActive(0);
          }}
          onKeyDown={(event) => {
            if (event.key === "ArrowDown" || event.key === "ArrowUp") {
              event.preventDefault();
              const step = event.key === "ArrowDown" ? 1 : -1;
              if (hits.length > 0) setActive((active + step + hits.length) % hits.length);
            } else if (event.key === "Enter") {
              event.preventDefault();
              go(hits[active]);
            }
          }}
        />
        <div
          id={`${id}-hits`}
          role="listbox"
          aria-label="Results"
          className="max-h-[55vh] overflow-y-auto empty:hidden"
        >
          {hits.map((hit, i) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the input handles the keys of the list.
            <div
              key={hit.id}
              id={`${id}-${i}`}
              role="option"
              aria-selected={i === active}
              tabIndex={-1}
              className="cursor-pointer border-b px-4 py-3 last:border-0 hover:bg-sunken aria-selected:bg-sunken"
              onClick={() => go(hit)}
            >
              <span className="block text-sm font-medium">
                {hit.heading}
                {hit.heading !== hit.page && <span className="font-normal text-muted"> · {hit.page}</span>}
              </span>
              <span className="mt-0.5 block truncate text-sm text-muted">{hit.excerpt}</span>
            </div>
          ))}
        </div>
        <p role="status" className="px-4 py-3 text-sm text-muted">
          {state === "failed"
            ? "The search could not be loaded. Close it and try again."
            : state === "loading"
              ? "Loading …"
              : query.trim() === ""
                ? "Type a word: an endpoint, a field, an error code."
                : hits.length === 0
                  ? "Nothing found. Try another word."
                  : "Up and down choose, Enter opens, Escape closes."}
        </p>
      </dialog>
    </>
  );
}

async function load(): Promise<MiniSearch> {
  const [{ default: Search }, response] = await Promise.all([import("minisearch"), fetch("/docs/search.json")]);
  if (!response.ok) throw new Error(`the index answered ${response.status}`);
  return Search.loadJSON(await response.text(), SEARCH_OPTIONS);
}

function find(index: MiniSearch | null, query: string): SearchHit[] {
  const found = index?.search(query, SEARCH_QUERY) ?? [];
  return found.slice(0, SHOWN) as unknown as SearchHit[];
}
