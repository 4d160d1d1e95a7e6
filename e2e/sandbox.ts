import { createJobs } from "@/lib/jobs/jobs";

const OWNER = "00000000-0000-4000-8000-000000000001";

/** Runs what the background does for test invoices until a payment that is on its way is confirmed: some three seconds of blocks. */
export async function runSandboxOnce(forMs = 2_600): Promise<void> {
  const sandbox = createJobs(OWNER).find((job) => job.name === "sandbox");
  for (const end = Date.now() + forMs; ; ) {
    await sandbox?.run();
    if (Date.now() > end) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
