/** The line of code that creates an invoice. */
export function firstCall(appUrl: string, key: string): string {
  return [
    `curl -s ${appUrl}/api/v1/invoices \\`,
    `  -H "Authorization: Bearer ${key}" \\`,
    '  -H "Content-Type: application/json" \\',
    `  -d '{"amountUsdt": "10.00"}'`,
  ].join("\n");
}
