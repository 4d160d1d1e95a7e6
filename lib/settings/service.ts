import type { z } from "zod";
import { db } from "@/db/client";
import { type Actor, insertAudit } from "@/db/queries/audit";
import { findLogo } from "@/db/queries/pay";
import { deleteLogo, lockSettings, type Settings, storeLogo, updateSettings } from "@/db/queries/settings";
import { AppError } from "@/lib/errors";
import { formatAmount, parseAmount } from "@/lib/money";
import { imageTypeOf } from "./image";
import { type businessSchema, type invoiceDefaultsSchema, MAX_LOGO_BYTES, type payPageSchema } from "./schema";

const noMerchant = () => new AppError("not_found", "There is no such merchant");

export function changeBusiness(
  merchantId: string,
  input: z.output<typeof businessSchema>,
  actor: Actor,
): Promise<void> {
  return change(merchantId, input, actor);
}

/** For invoices made from now on; open ones stay as they are. */
export function changeInvoiceDefaults(
  merchantId: string,
  { adjustmentLimitUsdt, expiryMinutes }: z.output<typeof invoiceDefaultsSchema>,
  actor: Actor,
): Promise<void> {
  const limit = parseAmount(adjustmentLimitUsdt);
  // Zero is no amount, but a limit.
  const adjustmentLimit = limit.ok ? limit.units : 0n;
  return change(merchantId, { adjustmentLimit, defaultExpirySeconds: expiryMinutes * 60 }, actor);
}

export function changePayPage(
  merchantId: string,
  { accentColor, frameOrigins }: z.output<typeof payPageSchema>,
  actor: Actor,
): Promise<void> {
  return change(merchantId, { accentColor: accentColor || null, frameOrigins }, actor);
}

/** Stores what differs, and records each of it from what to what. The database's checks hold the limits. */
async function change(merchantId: string, wanted: Partial<Settings>, actor: Actor): Promise<void> {
  await db().transaction(async (tx) => {
    const now = await lockSettings(tx, merchantId);
    if (!now) throw noMerchant();
    const names = (Object.keys(wanted) as (keyof Settings)[]).filter(
      (name) => readable(now[name]) !== readable(wanted[name]),
    );
    if (names.length === 0) return;
    await updateSettings(tx, merchantId, wanted);
    const data = Object.fromEntries(
      names.map((name) => [name, { from: readable(now[name]), to: readable(wanted[name]) }]),
    );
    await insertAudit(tx, { merchantId, actor, action: "settings.changed", target: merchantId, data });
  });
}

/** A setting as text for the audit log. */
function readable(value: Settings[keyof Settings] | undefined): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "bigint") return formatAmount(value);
  return Array.isArray(value) ? value.join(" ") : String(value);
}

/** Replaces the logo. @throws {AppError} invalid_request where the bytes are no PNG, JPEG or WebP, whatever they are called. */
export async function changeLogo(merchantId: string, file: Blob, actor: Actor): Promise<void> {
  const content = Buffer.from(await file.arrayBuffer());
  const mediaType = content.length <= MAX_LOGO_BYTES ? imageTypeOf(content) : null;
  if (!mediaType) {
    const message = "The file is no picture that works here: use PNG, JPEG or WebP with at most 256 KB";
    throw new AppError("invalid_request", message, { details: [{ path: "file", message }] });
  }
  await db().transaction(async (tx) => {
    await storeLogo(tx, merchantId, { mediaType, content });
    const data = { mediaType, bytes: content.length };
    await insertAudit(tx, { merchantId, actor, action: "logo.changed", target: merchantId, data });
  });
}

export async function removeLogo(merchantId: string, actor: Actor): Promise<void> {
  await db().transaction(async (tx) => {
    if (!(await deleteLogo(tx, merchantId))) return;
    await insertAudit(tx, { merchantId, actor, action: "logo.removed", target: merchantId });
  });
}

/** The logo as a `data:` URL, or null. */
export async function logoDataUrl(merchantId: string): Promise<string | null> {
  const logo = await findLogo(db(), merchantId);
  return logo && `data:${logo.mediaType};base64,${logo.content.toString("base64")}`;
}
