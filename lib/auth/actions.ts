import { z } from "zod";
import type { Actor } from "@/db/queries/audit";
import { AppError } from "@/lib/errors";
import { log } from "@/lib/log";
import { MODES, type Mode } from "@/lib/mode";
import type { Merchant, User } from "./service";

/** For whom and in which mode a page was rendered. Every action carries it, and is refused where it is not true any more. */
export type RenderedFor = { mode: Mode; merchantId: string };

export type ActionResult<T> =
  | { ok: true; data: T }
  /** `fields`: an error for each field that has one, by its name; `message`: the error of the whole, or the first. */
  | { ok: false; message: string; fields: Record<string, string> };

/** An action as a browser calls it. */
export type Action<Input, Output> = (page: RenderedFor, input: Input) => Promise<ActionResult<Output>>;

/** What an action's work gets: who, in which mode, and how the audit log names them. */
export type ActionContext = {
  user: User;
  merchant: Merchant;
  mode: Mode;
  scope: { merchantId: string; mode: Mode };
  actor: Actor;
};

const renderedForSchema = z.object({ mode: z.enum(MODES), merchantId: z.uuid() });

const refuse = (message: string, fields: Record<string, string> = {}) => ({ ok: false as const, message, fields });

/**
 * Runs an action of the dashboard for whoever is logged in, and turns whatever goes wrong into one form. A page and its action
 * may be far apart in time: it is refused where the session has ended, or is another merchant's by now.
 */
export async function runAction<S extends z.ZodType, T>(
  caller: { account: { user: User; merchant: Merchant } | null; ip: string | null },
  page: unknown,
  { schema, input, reads }: { schema: S; input: unknown; reads: boolean },
  work: (context: ActionContext, input: z.output<S>) => Promise<T>,
): Promise<ActionResult<T>> {
  const { account, ip } = caller;
  if (!account) return refuse("You are logged out. Log in again in another tab, then try again: nothing here is lost");
  const { user, merchant } = account;
  const rendered = renderedForSchema.safeParse(page);
  if (!rendered.success || rendered.data.merchantId !== merchant.id) {
    return refuse("This page belongs to another account than the one you are logged in to. Load it again");
  }
  if (merchant.status === "suspended" && !reads) {
    return refuse("This account is suspended: nothing can be changed. Ask the operator of this gateway");
  }
  const { mode } = rendered.data;
  try {
    const parsed = schema.parse(input);
    const scope = { merchantId: merchant.id, mode };
    const data = await work({ user, merchant, mode, scope, actor: { name: `user:${user.id}`, ip } }, parsed);
    return { ok: true, data };
  } catch (error) {
    return refusal(error);
  }
}

/** What an action answers where its work threw. What we did not expect is logged, and not told. */
export function refusal(error: unknown): ActionResult<never> {
  if (error instanceof z.ZodError) {
    return problems(error.issues.map(({ path, message }) => ({ path: path.join("."), message })));
  }
  if (error instanceof AppError) return error.extra.details ? problems(error.extra.details) : refuse(error.message);
  log.error({ err: error }, "action failed");
  return refuse("The fault is ours: this could not be done. Nothing was changed. Try again in a minute");
}

/** The first problem of each field; the message is the first that belongs to no field, else the first. */
function problems(found: { path: string; message: string }[]) {
  const fields: Record<string, string> = {};
  for (const { path, message } of found) if (path) fields[path] ??= message;
  const whole = found.find(({ path }) => !path) ?? found[0];
  return refuse(whole?.message ?? "Something is not right", fields);
}
