import type { NextAuthOptions } from "next-auth";
import credentials from "next-auth/providers/credentials";
import { clientIp } from "@/lib/api/client-ip";
import { loginSchema } from "@/lib/auth/schema";
import { type Claims, logIn } from "@/lib/auth/service";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import { log } from "@/lib/log";

const FORTNIGHT_SECONDS = 14 * 24 * 3600;

declare module "next-auth" {
  interface User extends Claims {}
  interface Session {
    claims: Claims;
  }
}
declare module "next-auth/jwt" {
  interface JWT extends Partial<Claims> {}
}

/** Sessions: a signed and encrypted cookie that carries who it is, checked against the database on every request. */
export function authOptions(): NextAuthOptions {
  const { authSecret, appUrl } = env();
  return {
    secret: authSecret,
    session: { strategy: "jwt", maxAge: FORTNIGHT_SECONDS },
    // httpOnly and sameSite=lax are next-auth's own defaults.
    useSecureCookies: appUrl.startsWith("https:"),
    pages: { signIn: "/login", signOut: "/login", error: "/login" },
    providers: [
      credentials({
        credentials: { email: {}, password: {} },
        async authorize(input, request) {
          const parsed = loginSchema.safeParse(input);
          if (!parsed.success) return null;
          try {
            const headers = new Headers(request.headers as Record<string, string>);
            const claims = await logIn(parsed.data, clientIp({ headers }));
            return claims && { id: claims.userId, ...claims };
          } catch (error) {
            // Its message becomes the answer's `error`.
            if (error instanceof AppError) throw new Error(error.message);
            log.error({ err: error }, "log-in failed");
            throw new Error("Logging in is not possible at the moment. Try again in a minute");
          }
        },
      }),
    ],
    callbacks: {
      jwt({ token, user }) {
        if (!user) return token;
        const { userId, merchantId, sessionVersion } = user;
        return { userId, merchantId, sessionVersion };
      },
      session({ session, token: { userId = "", merchantId = "", sessionVersion = -1 } }) {
        return { expires: session.expires, claims: { userId, merchantId, sessionVersion } };
      },
    },
    logger: {
      error: (code, detail) =>
        log.warn({ code, reason: detail instanceof Error ? detail.message : undefined }, "next-auth"),
      warn: () => {},
      debug: () => {},
    },
  };
}
