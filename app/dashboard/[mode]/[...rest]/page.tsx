import { notFound } from "next/navigation";
import { requireSession } from "@/app/_session/session";

/** Every other address: told inside the dashboard's frame. */
export default async function Elsewhere({ params }: { params: Promise<{ mode: string; rest: string[] }> }) {
  await requireSession(params);
  notFound();
}
