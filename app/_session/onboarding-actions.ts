"use server";

import { z } from "zod";
import { action } from "@/app/_session/action";
import { keyCopied } from "@/lib/onboarding/service";

/** Ticks the first step of the checklist. */
export const markKeyCopied = action(z.object({}), ({ merchant }) => keyCopied(merchant.id), { reads: true });
