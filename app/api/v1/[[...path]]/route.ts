import { api } from "@/lib/api";

export const dynamic = "force-dynamic";

/** Every path and method goes to one handler, so that unknown ones are answered in the API's own form. */
export const GET = (request: Request) => api(request);
export const HEAD = GET;
export const POST = GET;
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
export const OPTIONS = GET;
