import { payLogoResponse } from "@/lib/pay/service";

export const dynamic = "force-dynamic";
export const GET = payLogoResponse;
