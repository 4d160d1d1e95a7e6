import { refresh } from "next/cache";
import type { z } from "zod";
import { getSession, requestIp } from "@/app/_session/session";
import { type Action, type ActionContext, runAction } from "@/lib/auth/actions";

/**
 * How the dashboard writes. In a file of its own beside the page, `actions.ts`:
 *
 *   "use server";
 *   export const renameWallet = action(renameWalletSchema, ({ merchant, actor }, input) =>
 *     walletService.renameWallet(merchant.id, input, actor));
 *
 * The page hands it to a client component, which calls it with `useAction` or, in a form, `useActionForm` (components/dashboard):
 * these add for whom and in which mode the page was rendered. Here the session is checked against the database, that merchant
 * and mode against the session, the input against the schema (the same one that the form uses, from lib); errors come back as
 * `{ ok: false, message, fields }`. What a query needs is in the context: `merchant`, `mode`, `scope` (both), `actor`; nothing of
 * it is ever taken from the input. After a success the page is rendered anew, unless `renders` is false. An action that `reads`
 * changes nothing: it renders nothing anew, and is allowed while the account is suspended.
 *
 * Cross-site calls: Next.js compares Origin with Host, and the session's cookie is SameSite=Lax.
 */
export function action<S extends z.ZodType, T>(
  schema: S,
  work: (context: ActionContext, input: z.output<S>) => Promise<T>,
  { reads = false, renders = !reads }: { reads?: boolean; renders?: boolean } = {},
): Action<z.input<S>, T> {
  return async (page, input) => {
    const caller = { account: await getSession(), ip: await requestIp() };
    const result = await runAction(caller, page, { schema, input, reads }, work);
    if (result.ok && renders) refresh();
    return result;
  };
}
