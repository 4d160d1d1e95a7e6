import { headers } from "next/headers";
import { notFound, redirect } from "next/navigation";
import { getServerSession } from "next-auth";
import { cache } from "react";
import { authOptions } from "@/app/_session/options";
import { clientIp } from "@/lib/api/client-ip";
import { findAccount, type Merchant, type User } from "@/lib/auth/service";
import { isMode, type Mode } from "@/lib/mode";

export type Account = { user: User; merchant: Merchant };
/** Who is here, in which mode. `scope` is what services and queries about one mode's data take. */
export type Session = Account & { mode: Mode; scope: { merchantId: string; mode: Mode } };

/** Who is logged in, or null; asked of the database once a request, so that an ended session is over at once. */
export const getSession = cache(async (): Promise<Account | null> => {
  const session = await getServerSession(authOptions());
  return session ? await findAccount(session.claims) : null;
});

/**
 * For every page under /dashboard/[mode]: who is here, in the mode that the address says. A layout is not rendered again
 * when one moves between its pages, so each page asks by itself.
 */
export async function requireSession(params: Promise<{ mode: string }>): Promise<Session> {
  const { mode } = await params;
  if (!isMode(mode)) notFound();
  const account = await getSession();
  if (!account) redirect("/login");
  return { ...account, mode, scope: { merchantId: account.merchant.id, mode } };
}

/** The address that the present request comes from, or null. */
export async function requestIp(): Promise<string | null> {
  return clientIp({ headers: await headers() });
}
