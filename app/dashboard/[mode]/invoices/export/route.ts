import { requireSession } from "@/app/_session/session";
import { parseInvoiceQuery } from "@/lib/dashboard/query";
import { exportInvoices } from "@/lib/invoices/export";
import { dayOf } from "@/lib/time-zone";

/** The list's invoices as a CSV file, all pages of it, streamed. */
export async function GET(request: Request, { params }: { params: Promise<{ mode: string }> }): Promise<Response> {
  const { merchant, mode, scope } = await requireSession(params);
  const query = Object.fromEntries(new URL(request.url).searchParams);
  const { search } = parseInvoiceQuery(query, merchant.timeZone);
  const name = `invoices-${mode}-${dayOf(new Date(), merchant.timeZone)}.csv`;
  return new Response(exportInvoices(scope, search), {
    headers: {
      "Content-Type": "text/csv; charset=utf-8",
      "Content-Disposition": `attachment; filename="${name}"`,
      "Cache-Control": "no-store",
    },
  });
}
