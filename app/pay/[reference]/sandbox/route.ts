import { payScenarioResponse } from "@/lib/pay/scenarios";

export const dynamic = "force-dynamic";
export const POST = payScenarioResponse;
