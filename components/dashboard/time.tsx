"use client";

import { useEffect, useState } from "react";
import { usePageContext } from "./context";

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", 30],
  ["month", 12],
  ["year", Number.POSITIVE_INFINITY],
];

/** "3 minutes ago"; the moment within 45 s is "just now". */
function relative(at: Date, now: number): string {
  let value = (at.getTime() - now) / 1000;
  if (Math.abs(value) < 45 && value <= 5) return "just now";
  const format = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  for (const [unit, size] of STEPS) {
    if (Math.abs(value) < size - 0.5) return format.format(Math.round(value), unit);
    value /= size;
  }
  return "";
}

/** The exact time in a zone: `15 Jan 2024, 14:30:00 UTC`. */
export function exactTime(at: Date, timeZone: string): string {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
  });
  return format.format(at);
}

/** A time as people say it, kept up to date, with the exact one in the merchant's time zone in its title. @param at ISO 8601. */
export function Time({ at, exact = false }: { at: string | Date; exact?: boolean }) {
  const { timeZone } = usePageContext();
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (exact) return;
    const timer = setInterval(() => setNow(Date.now()), 20_000);
    return () => clearInterval(timer);
  }, [exact]);
  const date = new Date(at);
  const full = exactTime(date, timeZone);
  // The server's clock and the browser's names of zones may differ from each other.
  return (
    <time dateTime={date.toISOString()} title={full} suppressHydrationWarning>
      {exact ? full : relative(date, now)}
    </time>
  );
}
