import type { Steps } from "@/db/queries/onboarding";

/** The first-run checklist: how far it is, and what its line of code needs. */
export type Checklist = Steps & { appUrl: string; testKeyPrefix: string };
