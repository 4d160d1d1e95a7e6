import { metricsResponse } from "@/lib/health/metrics";

export const dynamic = "force-dynamic";
export const GET = (request: Request) => metricsResponse(request);
