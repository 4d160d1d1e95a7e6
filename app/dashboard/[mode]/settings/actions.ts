"use server";

import { z } from "zod";
import { action } from "@/app/_session/action";
import { changePasswordSchema } from "@/lib/auth/schema";
import * as auth from "@/lib/auth/service";
import { businessSchema, invoiceDefaultsSchema, logoSchema, payPageSchema } from "@/lib/settings/schema";
import * as settings from "@/lib/settings/service";

export const changeBusiness = action(businessSchema, ({ merchant, actor }, input) =>
  settings.changeBusiness(merchant.id, input, actor),
);

export const changeInvoiceDefaults = action(invoiceDefaultsSchema, ({ merchant, actor }, input) =>
  settings.changeInvoiceDefaults(merchant.id, input, actor),
);

export const changePayPage = action(payPageSchema, ({ merchant, actor }, input) =>
  settings.changePayPage(merchant.id, input, actor),
);

export const changeLogo = action(logoSchema, ({ merchant, actor }, { file }) =>
  settings.changeLogo(merchant.id, file, actor),
);

export const removeLogo = action(z.object({}), ({ merchant, actor }) => settings.removeLogo(merchant.id, actor));

/** Ends every session, this one too: whoever changed it logs in again with the new one, at once and unseen. */
export const changePassword = action(
  changePasswordSchema,
  ({ user, actor }, input) => auth.changePassword(user, input, actor),
  { renders: false },
);
