import { headers } from "next/headers";
import { NONCE_HEADER } from "@/lib/security-headers";

/** The request's nonce, for a `<script>` or `<style>` of a page's own. Next.js's scripts get it by themselves. */
export async function nonce(): Promise<string | undefined> {
  return (await headers()).get(NONCE_HEADER) ?? undefined;
}
