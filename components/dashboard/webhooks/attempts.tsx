import { Code } from "@/components/dashboard/details";
import { Time } from "@/components/dashboard/time";
import { Badge } from "@/components/ui/badge";
import type { Attempt } from "@/lib/webhooks/deliveries";

/** Every HTTP try of a delivery, the last one first, with its answer. */
export function Attempts({ attempts }: { attempts: Attempt[] }) {
  return (
    <ol className="divide-y divide-line">
      {[...attempts].reverse().map((attempt) => (
        <li key={attempt.number} className="flex flex-col gap-2 py-3 first:pt-0 last:pb-0">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
            <span className="font-medium">Attempt {attempt.number}</span>
            <Badge tone={attempt.error === null ? "green" : "red"}>
              {attempt.statusCode === null ? "No answer" : `Answered ${attempt.statusCode}`}
            </Badge>
            <span className="text-muted">
              {attempt.latencyMs} ms, <Time at={attempt.startedAt} />
            </span>
          </div>
          {attempt.error && <p className="text-sm text-red wrap-anywhere">{attempt.error}</p>}
          {attempt.responseBody && <Code label={`Answer to attempt ${attempt.number}`}>{attempt.responseBody}</Code>}
        </li>
      ))}
    </ol>
  );
}
