import type { NextRequest } from "next/server";
import NextAuth from "next-auth";
import { authOptions } from "@/app/_session/options";

type Context = { params: Promise<{ nextauth: string[] }> };

/** Built for each request: the configuration is known when the server runs, not when it is built. */
const handler = (request: NextRequest, context: Context): Promise<Response> =>
  NextAuth(request, context, authOptions());

export { handler as GET, handler as POST };
