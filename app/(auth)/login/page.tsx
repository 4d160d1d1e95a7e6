import type { Metadata } from "next";
import Link from "next/link";
import { redirect } from "next/navigation";
import { getSession } from "@/app/_session/session";
import { LoginForm } from "@/components/auth/login-form";
import { isRegistrationOpen } from "@/lib/auth/service";

export const metadata: Metadata = { title: "Log in" };

export default async function LoginPage() {
  if (await getSession()) redirect("/dashboard");
  return (
    <>
      <h1 className="text-2xl font-semibold tracking-tight">Log in</h1>
      <LoginForm />
      <p className="mt-6 text-sm leading-5 text-muted">
        {isRegistrationOpen() ? (
          <>
            No account yet?{" "}
            <Link href="/register" className="text-accent underline underline-offset-4">
              Register
            </Link>
            .
          </>
        ) : (
          "Accounts are opened by the operator of this gateway."
        )}{" "}
        Forgotten the password? The operator can set a new one.
      </p>
    </>
  );
}
