import Link from "next/link";
import type { ReactNode } from "react";
import { cn } from "./cn";
import { EmptyState } from "./states";

export type Column<Row> = {
  header: string;
  cell: (row: Row) => ReactNode;
  /** Right for numbers. */
  align?: "left" | "right";
  /** Left out of the card that a row becomes on a phone. */
  desktopOnly?: boolean;
  className?: string;
};

/**
 * Rows of 40 px on a wide screen; on a phone each row is a card with its first column as the title. With `href` the whole row
 * leads there, by a link in the first column. Roles are said aloud because a table laid out as blocks loses its own.
 */
export function Table<Row>({
  label,
  columns,
  rows,
  rowKey,
  href,
  empty,
}: {
  /** What the table holds, for screen readers. */
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  rowKey: (row: Row) => string;
  href?: (row: Row) => string;
  /** Said in place of rows where there are none. */
  empty?: ReactNode;
}) {
  if (rows.length === 0 && empty !== undefined) return <EmptyState>{empty}</EmptyState>;
  return (
    <div className="rounded border border-line bg-surface md:overflow-x-auto">
      {/* biome-ignore-start lint/a11y/noRedundantRoles: a table whose display is not table has no role of its own. */}
      <table role="table" aria-label={label} className="block w-full text-sm md:table">
        <thead role="rowgroup" className="hidden md:table-header-group">
          <tr role="row" className="border-b border-line">
            {columns.map((column) => (
              <th
                key={column.header}
                role="columnheader"
                scope="col"
                className={cn(
                  "h-9 px-3 text-xs font-medium whitespace-nowrap text-muted",
                  column.align === "right" ? "text-right" : "text-left",
                )}
              >
                {column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup" className="block md:table-row-group">
          {rows.map((row) => (
            <tr
              key={rowKey(row)}
              role="row"
              className={cn(
                "relative block border-b border-line px-4 py-3 last:border-b-0 md:table-row md:p-0",
                href && "hover:bg-sunken",
              )}
            >
              {columns.map((column, index) => (
                <td
                  key={column.header}
                  role="cell"
                  data-label={column.header}
                  className={cn(
                    "flex min-h-8 items-center gap-4 md:table-cell md:h-10 md:px-3 md:py-1.5 md:whitespace-nowrap",
                    index === 0
                      ? "font-medium"
                      : "justify-between before:shrink-0 before:text-muted before:content-[attr(data-label)] md:before:content-none",
                    column.align === "right" && "md:text-right",
                    column.desktopOnly && "max-md:hidden",
                    column.className,
                  )}
                >
                  {index === 0 && href ? (
                    <Link href={href(row)} className="min-w-0 after:absolute after:inset-0">
                      {column.cell(row)}
                    </Link>
                  ) : (
                    <div className="min-w-0 max-md:text-right">{column.cell(row)}</div>
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {/* biome-ignore-end lint/a11y/noRedundantRoles: as above. */}
    </div>
  );
}
