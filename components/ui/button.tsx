import { cva, type VariantProps } from "class-variance-authority";
import { Slot } from "radix-ui";
import type { ComponentProps } from "react";
import { cn } from "./cn";

const BASE =
  "inline-flex min-h-11 items-center justify-center gap-2 rounded px-4 text-sm font-medium transition-colors cursor-pointer";

/** The classes of a button or of a link that looks like one, at a thumb's size. A page has one `primary`. */
export const button = {
  primary: `${BASE} bg-accent text-accent-ink hover:opacity-90`,
  secondary: `${BASE} border border-line-strong bg-surface text-ink hover:bg-sunken`,
};

const variants = cva(
  "inline-flex shrink-0 cursor-pointer items-center justify-center gap-2 rounded text-sm font-medium whitespace-nowrap transition-colors disabled:cursor-not-allowed disabled:opacity-60 aria-disabled:cursor-not-allowed aria-disabled:opacity-60 [&_svg]:size-4 [&_svg]:shrink-0",
  {
    variants: {
      variant: {
        primary: "bg-accent text-accent-ink hover:opacity-90",
        secondary: "border border-line-strong bg-surface text-ink hover:bg-sunken",
        ghost: "text-ink hover:bg-sunken",
        danger: "border border-red-line bg-surface text-red hover:bg-red-fill",
      },
      size: {
        md: "h-11 px-4 sm:h-9 sm:px-3",
        sm: "h-9 px-3 sm:h-8 sm:px-2.5",
        icon: "size-11 sm:size-8",
      },
    },
    defaultVariants: { variant: "secondary", size: "md" },
  },
);

/** A button of the dashboard. `asChild`: its one child (a link) takes the looks. A page has one `primary`. */
export function Button({
  variant,
  size,
  asChild = false,
  className,
  ...props
}: ComponentProps<"button"> & VariantProps<typeof variants> & { asChild?: boolean }) {
  const Component = asChild ? Slot.Root : "button";
  return (
    <Component
      {...(asChild ? {} : { type: "button" })}
      className={cn(variants({ variant, size }), className)}
      {...props}
    />
  );
}
