import { payStatusPreflight } from "@/lib/pay/responses";
import { payStatusResponse } from "@/lib/pay/service";

export const dynamic = "force-dynamic";
export const GET = payStatusResponse;
export const OPTIONS = payStatusPreflight;
