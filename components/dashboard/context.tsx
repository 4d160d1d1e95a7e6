"use client";

import { createContext, type ReactNode, useContext } from "react";
import type { RenderedFor } from "@/lib/auth/actions";

/** What every part of a dashboard page knows: for whom, in which mode, and in which time zone it was rendered. */
export type PageContext = RenderedFor & { timeZone: string };

const Context = createContext<PageContext | null>(null);

export function PageContextProvider({ value, children }: { value: PageContext; children: ReactNode }) {
  return <Context value={value}>{children}</Context>;
}

export function usePageContext(): PageContext {
  const value = useContext(Context);
  if (!value) throw new Error("this component belongs on a page under /dashboard/[mode]");
  return value;
}
