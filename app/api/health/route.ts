import { healthResponse } from "@/lib/health/service";

export const dynamic = "force-dynamic";
export const GET = () => healthResponse();
