import type { MetadataRoute } from "next";
import { connection } from "next/server";
import { env } from "@/lib/env";

/** What search engines may read: the site, and nobody's invoices or dashboard. */
export default async function robots(): Promise<MetadataRoute.Robots> {
  await connection();
  return {
    rules: { userAgent: "*", allow: "/", disallow: ["/api/", "/dashboard", "/pay/"] },
    sitemap: `${env().appUrl}/sitemap.xml`,
  };
}
