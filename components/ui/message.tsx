import type { ReactNode } from "react";

/** A page that says one thing: what happened and what to do. */
export function Message({ title, children, action }: { title: string; children: ReactNode; action?: ReactNode }) {
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-110 flex-col justify-center px-6 py-16">
      <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
      <div className="mt-3 space-y-3 leading-6 text-muted">{children}</div>
      {action && <div className="mt-8">{action}</div>}
    </main>
  );
}
