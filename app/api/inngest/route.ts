import { answer } from "@/inngest";

export const dynamic = "force-dynamic";
export const GET = answer;
export const POST = answer;
export const PUT = answer;
