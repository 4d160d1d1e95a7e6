import { Badge, Status } from "@/components/ui/badge";

export type StatusView = {
  status: "pending" | "confirmed" | "expired" | "cancelled";
  progress: { confirmations: number; required: number } | null;
};

/** Where an invoice stands: while its payment deepens, how far that is. */
export function InvoiceStatus({ status, progress }: StatusView) {
  if (status !== "pending" || !progress) return <Status status={status} />;
  return (
    <Badge tone="amber">
      Confirming {Math.min(progress.confirmations, progress.required)} of {progress.required}
    </Badge>
  );
}
