import { payEventsResponse } from "@/lib/pay/events";
import { payStatusPreflight } from "@/lib/pay/responses";

export const dynamic = "force-dynamic";
export const GET = payEventsResponse;
export const HEAD = payEventsResponse;
export const OPTIONS = payStatusPreflight;
