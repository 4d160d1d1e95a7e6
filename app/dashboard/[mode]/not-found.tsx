import Link from "next/link";
import { PageHeader } from "@/components/dashboard/page-header";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/states";

/** Nothing at this address in this mode. */
export default function DashboardNotFound() {
  return (
    <>
      <title>Not found</title>
      <PageHeader title="Nothing here" />
      <EmptyState
        action={
          <Button asChild>
            <Link href="/dashboard">Go to the overview</Link>
          </Button>
        }
      >
        There is nothing at this address. What belongs to the other mode is only shown there: check the test/live
        switch.
      </EmptyState>
    </>
  );
}
