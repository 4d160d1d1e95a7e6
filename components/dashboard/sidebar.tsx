"use client";

import { ChevronsUpDown, LogOut, Menu as MenuIcon, X } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { signOut } from "next-auth/react";
import { Dialog } from "radix-ui";
import { useEffect, useState } from "react";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { cn } from "@/components/ui/cn";
import { Menu, MenuItem, MenuLabel } from "@/components/ui/menu";
import type { Mode } from "@/lib/mode";
import { ModeSwitch } from "./mode-switch";
import { activeItem, dashboardPath, NAVIGATION } from "./navigation";

type Props = { mode: Mode; merchantName: string; email: string };

/** The dashboard's navigation: a column on the left; on a phone a bar with the same behind a button. */
export function Sidebar(props: Props) {
  return (
    <>
      <header className="sticky top-0 hidden h-dvh w-60 shrink-0 flex-col border-r border-line bg-surface md:flex">
        <Contents {...props} />
      </header>
      <PhoneBar {...props} />
    </>
  );
}

function Contents({ mode, merchantName, email }: Props) {
  return (
    <>
      <div className="flex flex-col gap-3 p-4">
        <p className="truncate text-sm font-semibold" title={merchantName}>
          {merchantName}
        </p>
        <ModeSwitch mode={mode} />
      </div>
      <Links mode={mode} />
      <div className="border-t border-line p-2">
        <Menu
          align="start"
          trigger={
            <Button variant="ghost" className="w-full justify-between font-normal">
              <span className="truncate">{email}</span>
              <ChevronsUpDown aria-hidden="true" className="text-muted" />
            </Button>
          }
        >
          <MenuLabel>{email}</MenuLabel>
          <MenuItem asChild>
            <Link href={dashboardPath(mode, "/settings")}>Settings</Link>
          </MenuItem>
          <MenuItem onSelect={() => void logOut()}>
            <LogOut aria-hidden="true" />
            Log out
          </MenuItem>
        </Menu>
      </div>
    </>
  );
}

/** A load of the page, not a step within it: nothing that was shown stays in memory. */
async function logOut(): Promise<void> {
  await signOut({ redirect: false });
  window.location.assign("/login");
}

function Links({ mode }: { mode: Mode }) {
  const active = activeItem(usePathname());
  return (
    <nav aria-label="Dashboard" className="flex flex-1 flex-col gap-4 overflow-y-auto px-2 pb-4">
      {NAVIGATION.map((group) => (
        <div key={group.items[0]?.path}>
          {group.title && <p className="px-3 pb-1 text-xs font-medium text-muted">{group.title}</p>}
          <ul>
            {group.items
              .filter((item) => !item.testOnly || mode === "test")
              .map(({ label, path, icon: Icon }) => (
                <li key={path}>
                  <Link
                    href={dashboardPath(mode, path)}
                    aria-current={active?.path === path ? "page" : undefined}
                    className={cn(
                      "flex h-11 items-center gap-2.5 rounded px-3 text-sm md:h-8",
                      active?.path === path
                        ? "bg-sunken font-medium text-ink"
                        : "text-muted hover:bg-sunken hover:text-ink",
                    )}
                  >
                    <Icon aria-hidden="true" className="size-4 shrink-0" />
                    {label}
                  </Link>
                </li>
              ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

function PhoneBar(props: Props) {
  const [open, setOpen] = useState(false);
  const pathname = usePathname();
  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever has arrived somewhere wants to see it.
  useEffect(() => setOpen(false), [pathname]);
  return (
    <header className="sticky top-0 z-30 flex h-14 items-center justify-between gap-3 border-b border-line bg-surface px-4 md:hidden">
      <p className="min-w-0 truncate text-sm font-semibold">{props.merchantName}</p>
      <div className="flex items-center gap-2">
        <Badge tone={props.mode === "test" ? "amber" : "neutral"}>{props.mode === "test" ? "Test" : "Live"}</Badge>
        <Dialog.Root open={open} onOpenChange={setOpen}>
          <Dialog.Trigger asChild>
            <Button variant="ghost" size="icon" aria-label="Open the menu" className="-mr-2">
              <MenuIcon aria-hidden="true" />
            </Button>
          </Dialog.Trigger>
          <Dialog.Portal>
            <Dialog.Overlay className="fixed inset-0 z-40 bg-black/50" />
            <Dialog.Content
              aria-describedby={undefined}
              className="fixed inset-y-0 left-0 z-50 flex w-72 max-w-[85vw] flex-col border-r border-line bg-surface text-ink"
            >
              <Dialog.Title className="sr-only">Menu</Dialog.Title>
              <Dialog.Close asChild>
                <Button variant="ghost" size="icon" aria-label="Close the menu" className="absolute top-1.5 right-1.5">
                  <X aria-hidden="true" />
                </Button>
              </Dialog.Close>
              <Contents {...props} />
            </Dialog.Content>
          </Dialog.Portal>
        </Dialog.Root>
      </div>
    </header>
  );
}
