import { z } from "zod";

/** How long what is replaced goes on working. A week at most: a secret that was replaced should not live on. */
export const graceSeconds = z.coerce
  .number()
  .int("grace must be a whole number of seconds")
  .min(0, "grace must be at least 0 seconds")
  .max(604_800, "grace must be at most 604800 seconds, a week")
  .default(0);

/** The mode is that of the page. */
export const replaceKeySchema = z.object({ grace: graceSeconds });
