import { sql } from "drizzle-orm";
import { check, integer, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { id, time } from "./columns";
import { merchants } from "./merchants";

/** A person who logs in to the dashboard. Rule: an e-mail address, in lower case, belongs to one user. */
export const users = pgTable(
  "users",
  {
    id: id(),
    merchantId: uuid()
      .notNull()
      .references(() => merchants.id),
    email: text().notNull().unique(),
    /** argon2id, PHC string; null: cannot log in until a password is set. */
    passwordHash: text(),
    /** Raised when the password changes: a session that carries a lower number is over. */
    sessionVersion: integer().notNull().default(0),
    createdAt: time().notNull().defaultNow(),
  },
  (t) => [check("users_email_lower_case", sql`${t.email} = lower(${t.email})`)],
);
