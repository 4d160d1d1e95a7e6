"use client";

import { X } from "lucide-react";
import { AlertDialog as AlertPrimitive, Dialog as Primitive } from "radix-ui";
import type { ReactNode } from "react";
import { Button } from "./button";

const OVERLAY = "fixed inset-0 z-40 bg-black/50";
const PANEL =
  "fixed top-1/2 left-1/2 z-50 max-h-[calc(100dvh-2rem)] w-[calc(100vw-2rem)] max-w-lg -translate-x-1/2 -translate-y-1/2 overflow-y-auto rounded border border-line bg-surface p-5 text-ink";

/**
 * A window over the page. Uncontrolled with `trigger`, or controlled with `open` and `onOpenChange`. It closes by Escape, by its
 * button and by a click beside it, unless `mustChoose`: then only by what is in it.
 */
export function Dialog({
  title,
  description,
  trigger,
  open,
  onOpenChange,
  mustChoose = false,
  children,
}: {
  title: string;
  description?: ReactNode;
  trigger?: ReactNode;
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
  mustChoose?: boolean;
  children: ReactNode;
}) {
  const stay = mustChoose ? (event: Event) => event.preventDefault() : undefined;
  return (
    <Primitive.Root open={open} onOpenChange={onOpenChange}>
      {trigger && <Primitive.Trigger asChild>{trigger}</Primitive.Trigger>}
      <Primitive.Portal>
        <Primitive.Overlay className={OVERLAY} />
        <Primitive.Content
          className={PANEL}
          onEscapeKeyDown={stay}
          onInteractOutside={stay}
          {...(description ? {} : { "aria-describedby": undefined })}
        >
          <div className="flex items-start justify-between gap-4">
            <Primitive.Title className="text-base leading-6 font-semibold">{title}</Primitive.Title>
            {!mustChoose && (
              <Primitive.Close asChild>
                <Button variant="ghost" size="icon" aria-label="Close" className="-mt-1 -mr-1">
                  <X aria-hidden="true" />
                </Button>
              </Primitive.Close>
            )}
          </div>
          {description && (
            <Primitive.Description className="mt-1 text-sm leading-5 text-muted">{description}</Primitive.Description>
          )}
          <div className="mt-4">{children}</div>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

/** Asks before something that cannot be undone. `confirm` is a verb; `problem` stays in the window. */
export function Confirm({
  title,
  description,
  confirm,
  danger = false,
  pending = false,
  problem,
  open,
  onOpenChange,
  onConfirm,
  children,
}: {
  title: string;
  description: ReactNode;
  confirm: string;
  danger?: boolean;
  pending?: boolean;
  problem?: string | null;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  onConfirm: () => void;
  children?: ReactNode;
}) {
  return (
    <AlertPrimitive.Root open={open} onOpenChange={onOpenChange}>
      <AlertPrimitive.Portal>
        <AlertPrimitive.Overlay className={OVERLAY} />
        <AlertPrimitive.Content className={PANEL}>
          <AlertPrimitive.Title className="text-base leading-6 font-semibold">{title}</AlertPrimitive.Title>
          <AlertPrimitive.Description asChild>
            <div className="mt-1 text-sm leading-5 text-muted">{description}</div>
          </AlertPrimitive.Description>
          {children && <div className="mt-4">{children}</div>}
          {problem && (
            <p className="mt-4 text-sm text-red" role="alert">
              {problem}
            </p>
          )}
          <div className="mt-5 flex flex-col-reverse gap-2 sm:flex-row sm:justify-end">
            <AlertPrimitive.Cancel asChild>
              <Button>Keep as it is</Button>
            </AlertPrimitive.Cancel>
            <Button variant={danger ? "danger" : "primary"} disabled={pending} onClick={onConfirm}>
              {confirm}
            </Button>
          </div>
        </AlertPrimitive.Content>
      </AlertPrimitive.Portal>
    </AlertPrimitive.Root>
  );
}
