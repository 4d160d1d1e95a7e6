import type { Locale } from "@/lib/pay/locale";
import ar from "./ar.json";
import en from "./en.json";
import es from "./es.json";
import id from "./id.json";
import pt from "./pt.json";
import ru from "./ru.json";
import tr from "./tr.json";
import vi from "./vi.json";
import zhCN from "./zh-CN.json";

export type Messages = typeof en;

/** Every word of the pay page, in each of its languages. */
export const MESSAGES: Record<Locale, Messages> = { en, es, pt, ru, tr, ar, vi, id, "zh-CN": zhCN };
