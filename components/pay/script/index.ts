import { copyButtons } from "./copy";
import { countdown } from "./countdown";
import { live } from "./live";
import { localTimes } from "./local-times";
import { returnByItself } from "./return";

/**
 * The pay page's script, written into the page: a function a concern. Each is sent as its own source text, so it may use nothing but
 * what it holds and the browser has: no imports, no names of its module. They speak through events of `document`:
 * `pay:shown` (the page was renewed), `pay:time` (the server's time came, in `detail`), `pay:check` (look whether something changed).
 */
export const PAY_SCRIPT = [copyButtons, localTimes, countdown, returnByItself, live]
  .map((run) => `(${run.toString()})();`)
  .join("\n");
