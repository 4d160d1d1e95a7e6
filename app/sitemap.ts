import type { MetadataRoute } from "next";
import { connection } from "next/server";
import { docsPath, docsSources } from "@/lib/docs/content";
import { env } from "@/lib/env";

/** The pages of the site. */
export default async function sitemap(): Promise<MetadataRoute.Sitemap> {
  await connection();
  const { appUrl } = env();
  return ["/", "/reference", ...docsSources().map(({ slug }) => docsPath(slug))].map((path) => ({
    url: `${appUrl}${path}`,
  }));
}
