"use client";

import { useRouter } from "next/navigation";
import type { z } from "zod";
import { useActionForm } from "@/components/dashboard/use-action";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input, Select, Textarea } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";
import type { Action } from "@/lib/auth/actions";
import { paymentLinkSchema } from "@/lib/invoices/form";

export type PaymentLinkInput = z.input<typeof paymentLinkSchema>;
export type NetworkChoice = { assetCode: string; label: string; isOff: boolean };

const MINUTES = [5, 15, 30, 60, 120];

/** A payment link without code: the amount and the network are enough. */
export function NewInvoice({
  create,
  networks,
  defaultExpirySeconds,
  base,
}: {
  create: Action<PaymentLinkInput, { id: string }>;
  networks: NetworkChoice[];
  defaultExpirySeconds: number;
  /** Where invoices are: the new one is shown below it. */
  base: string;
}) {
  const router = useRouter();
  const first = networks.find((network) => !network.isOff) ?? networks[0];
  const { form, submit, problem, errorOf, pending } = useActionForm({
    action: create,
    schema: paymentLinkSchema,
    defaultValues: {
      amountUsdt: "",
      assetCode: first?.assetCode ?? "",
      title: "",
      description: "",
      reference: "",
      expirySeconds: "",
      returnUrl: "",
      callbackUrl: "",
    },
    onDone: ({ id }) => router.push(`${base}/${id}`),
  });
  const { register } = form;
  return (
    <form noValidate onSubmit={submit} className="flex max-w-xl flex-col gap-5">
      <Field label="Amount" hint="In USDT, at most four decimals." error={errorOf("amountUsdt")}>
        {(control) => (
          <Input
            {...control}
            {...register("amountUsdt")}
            inputMode="decimal"
            autoComplete="off"
            placeholder="150.00"
            autoFocus
          />
        )}
      </Field>
      <Field label="Network" error={errorOf("assetCode")} hint="The customer pays into your default wallet there.">
        {(control) => (
          <Select {...control} {...register("assetCode")}>
            {networks.map(({ assetCode, label, isOff }) => (
              <option key={assetCode} value={assetCode} disabled={isOff}>
                {label}
                {isOff ? " (not watched at the moment)" : ""}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label="Title" hint="What is being paid. Shown on the pay page." error={errorOf("title")}>
        {(control) => <Input {...control} {...register("title")} autoComplete="off" placeholder="Order 12345" />}
      </Field>
      <details className="group">
        <summary className="cursor-pointer text-sm font-medium">More settings</summary>
        <div className="mt-4 flex flex-col gap-5">
          <Field label="Description" hint="Shown on the pay page." error={errorOf("description")}>
            {(control) => <Textarea {...control} {...register("description")} rows={3} />}
          </Field>
          <Field
            label="Reference"
            hint="Your order number, once per mode. One that nobody can guess is made if you leave this empty."
            error={errorOf("reference")}
          >
            {(control) => <Input {...control} {...register("reference")} autoComplete="off" />}
          </Field>
          <Field label="Time to pay" error={errorOf("expirySeconds")}>
            {(control) => (
              <Select {...control} {...register("expirySeconds")}>
                <option value="">Your default: {minutes(defaultExpirySeconds / 60)}</option>
                {MINUTES.map((n) => (
                  <option key={n} value={n * 60}>
                    {minutes(n)}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <Field label="Return URL" hint="Where the customer goes after paying." error={errorOf("returnUrl")}>
            {(control) => <Input {...control} {...register("returnUrl")} type="url" autoComplete="off" />}
          </Field>
          <Field
            label="Callback URL"
            hint="Where the webhook goes; else your default URL."
            error={errorOf("callbackUrl")}
          >
            {(control) => <Input {...control} {...register("callbackUrl")} type="url" autoComplete="off" />}
          </Field>
        </div>
      </details>
      {problem && <Notice tone="red">{problem}</Notice>}
      <Button type="submit" variant="primary" disabled={pending} className="self-start">
        {pending ? "Creating" : "Create invoice"}
      </Button>
    </form>
  );
}

const minutes = (n: number) => (n >= 60 && n % 60 === 0 ? `${n / 60} h` : `${Math.round(n)} min`);
