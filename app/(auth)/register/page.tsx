import type { Metadata } from "next";
import Link from "next/link";
import { redirect } from "next/navigation";
import { markKeyCopied } from "@/app/_session/onboarding-actions";
import { getSession } from "@/app/_session/session";
import { RegisterForm } from "@/components/auth/register-form";
import { isRegistrationOpen } from "@/lib/auth/service";
import { env } from "@/lib/env";
import { registerAccount } from "./actions";

export const metadata: Metadata = { title: "Register" };

export default async function RegisterPage() {
  if (await getSession()) redirect("/dashboard");
  if (!isRegistrationOpen()) {
    return (
      <>
        <h1 className="text-2xl font-semibold tracking-tight">Registration is closed</h1>
        <p className="mt-3 leading-6 text-muted">
          Accounts are opened by the operator of this gateway. If you have one,{" "}
          <Link href="/login" className="text-accent underline underline-offset-4">
            log in
          </Link>
          .
        </p>
      </>
    );
  }
  return <RegisterForm register={registerAccount} markKeyCopied={markKeyCopied} appUrl={env().appUrl} />;
}
