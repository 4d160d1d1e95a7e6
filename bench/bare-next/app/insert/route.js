import { insert } from "../../../bare-insert.mjs";

export const dynamic = "force-dynamic";

export async function POST(request) {
  return Response.json(await insert(await request.json()), { status: 201 });
}
