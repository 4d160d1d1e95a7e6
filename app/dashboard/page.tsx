import { redirect } from "next/navigation";
import { getSession } from "@/app/_session/session";
import { homeMode } from "@/lib/onboarding/service";

/** The way in: live once the live key has been used, until then test. */
export default async function DashboardPage() {
  const account = await getSession();
  redirect(account ? `/dashboard/${await homeMode(account.merchant.id)}` : "/login");
}
