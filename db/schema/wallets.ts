import { sql } from "drizzle-orm";
import { boolean, index, pgTable, text, unique, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { count, id, network, time } from "./columns";
import { merchants } from "./merchants";

/**
 * Where a merchant is paid. Nobody else's key: we only read.
 * Rules: a merchant has an address once a network, however it is spelled (`addressKey`); one default wallet a network.
 * Two merchants may register the same address; they do not affect each other.
 */
export const wallets = pgTable(
  "wallets",
  {
    id: id(),
    merchantId: uuid()
      .notNull()
      .references(() => merchants.id),
    network: network().notNull(),
    /** As the merchant wrote it: what customers are shown. */
    address: text().notNull(),
    /** The one spelling to compare by: 20 bytes in lower-case hex with 0x, on every network. */
    addressKey: text().notNull(),
    label: text(),
    isDefault: boolean().notNull(),
    archivedAt: time(),
    createdAt: time().notNull().defaultNow(),
    /** Position in the network's watch list; grows in commit order (see watch_lists). */
    watchSeq: count().notNull(),
  },
  (t) => [
    unique("wallets_address_once").on(t.merchantId, t.network, t.addressKey),
    uniqueIndex("wallets_one_default").on(t.merchantId, t.network).where(sql`${t.isDefault}`),
    // Only so that invoices can refer to both.
    unique("wallets_id_merchant").on(t.id, t.merchantId),
    unique("wallets_watch_seq").on(t.network, t.watchSeq),
    index("wallets_by_address").on(t.network, t.addressKey),
  ],
);

/**
 * One counter a network, raised in the transaction that adds a wallet. Its row lock makes the numbers grow in commit order,
 * so a scanner that has read up to N and asks for what is above N can never miss a wallet.
 */
export const watchLists = pgTable("watch_lists", {
  network: network().primaryKey(),
  lastSeq: count().notNull().default(0),
});
