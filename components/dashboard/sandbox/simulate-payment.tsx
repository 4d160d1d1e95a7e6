"use client";

import { type ReactNode, useState } from "react";
import { toast } from "sonner";
import { useAction } from "@/components/dashboard/use-action";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Select } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";
import type { Action } from "@/lib/auth/actions";

export type ScenarioChoice = { value: ScenarioName; label: string; about: string };
type ScenarioName = "exact" | "underpaid" | "overpaid" | "late" | "duplicate" | "reorged";
export type SimulateInput = { invoiceId: string; scenario?: ScenarioName | null; delaySeconds?: number | null };

const DELAYS = [
  { seconds: 0, label: "At once" },
  { seconds: 10, label: "In 10 seconds" },
  { seconds: 60, label: "In a minute" },
  { seconds: 600, label: "In 10 minutes" },
];

/** Pays a test invoice with money that does not exist, in one of the ways that customers do it. */
export function SimulatePayment({
  invoices,
  scenarios,
  simulate,
  expire,
  primary = false,
}: {
  /** One: it is meant. Several: one chooses. */
  invoices: { id: string; label: string; isOpen: boolean }[];
  scenarios: ScenarioChoice[];
  simulate: Action<SimulateInput, { status: string }>;
  expire: Action<{ invoiceId: string }, unknown>;
  primary?: boolean;
}) {
  const [chosen, setChosen] = useState(invoices[0]?.id ?? "");
  const [scenario, setScenario] = useState<ScenarioName>("exact");
  const [delaySeconds, setDelaySeconds] = useState(0);
  const paying = useAction(simulate);
  const expiring = useAction(expire);
  const invoice = invoices.find(({ id }) => id === chosen) ?? invoices[0];
  if (!invoice) return null;
  const busy = paying.pending || expiring.pending;
  const problem = paying.problem ?? expiring.problem;
  const about: ReactNode = scenarios.find(({ value }) => value === scenario)?.about;
  return (
    <div className="flex flex-col gap-4">
      {invoices.length > 1 && (
        <Field label="Invoice">
          {(control) => (
            <Select {...control} value={invoice.id} onChange={(event) => setChosen(event.target.value)}>
              {invoices.map(({ id, label }) => (
                <option key={id} value={id}>
                  {label}
                </option>
              ))}
            </Select>
          )}
        </Field>
      )}
      <Field label="What the customer does" hint={about}>
        {(control) => (
          <Select {...control} value={scenario} onChange={(event) => setScenario(event.target.value as ScenarioName)}>
            {scenarios.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label="When">
        {(control) => (
          <Select {...control} value={delaySeconds} onChange={(event) => setDelaySeconds(Number(event.target.value))}>
            {DELAYS.map(({ seconds, label }) => (
              <option key={seconds} value={seconds}>
                {label}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {problem && <Notice tone="red">{problem}</Notice>}
      <div className="flex flex-wrap gap-2">
        <Button
          variant={primary ? "primary" : "secondary"}
          disabled={busy}
          onClick={() => {
            expiring.clear();
            paying.run({ invoiceId: invoice.id, scenario, delaySeconds }, () =>
              toast(delaySeconds === 0 ? "Simulated: it is on its way" : "Simulation scheduled"),
            );
          }}
        >
          {paying.pending ? "Simulating" : "Simulate payment"}
        </Button>
        <Button
          disabled={busy || !invoice.isOpen}
          onClick={() => {
            paying.clear();
            expiring.run({ invoiceId: invoice.id }, () => toast("The invoice has expired"));
          }}
        >
          Let it expire
        </Button>
      </div>
    </div>
  );
}
