import { sql } from "drizzle-orm";
import { check, customType, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { time } from "./columns";
import { merchants } from "./merchants";

export const LOGO_TYPES = ["image/png", "image/jpeg", "image/webp"] as const;

const bytes = customType<{ data: Buffer }>({ dataType: () => "bytea" });

/**
 * A merchant's logo, served by us because the pay page asks nobody else for anything. Rules: one a merchant; a picture of at
 * most 256 KB in a format that cannot carry a script (no SVG).
 */
export const merchantLogos = pgTable(
  "merchant_logos",
  {
    merchantId: uuid()
      .primaryKey()
      .references(() => merchants.id),
    mediaType: text({ enum: LOGO_TYPES }).notNull(),
    content: bytes().notNull(),
    updatedAt: time().notNull().defaultNow(),
  },
  (t) => [
    check("merchant_logos_media_type", sql`${t.mediaType} in ('image/png', 'image/jpeg', 'image/webp')`),
    check("merchant_logos_size", sql`octet_length(${t.content}) between 1 and 262144`),
  ],
);
