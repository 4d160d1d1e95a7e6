import { isUuid } from "@/lib/uuid";
import type { Position } from "./walk";

/** Writes a place in a list for a URL: `1705329000000_550e8400-…`. */
export const printPosition = ({ createdAt, id }: Position): string => `${createdAt.getTime()}_${id}`;

/** Reads it; null for anything that is none: a list then begins at its start. */
export function parsePosition(text: string | undefined): Position | null {
  const [, time = "", id = ""] = /^(\d{1,14})_([0-9a-f-]{36})$/i.exec(text ?? "") ?? [];
  return time && isUuid(id) ? { createdAt: new Date(Number(time)), id } : null;
}
