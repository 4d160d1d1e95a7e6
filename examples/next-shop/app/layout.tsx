import type { ReactNode } from "react";

export const metadata = { title: "A shop on Next.js" };

export default function Layout({ children }: { children: ReactNode }) {
  const style = { font: "16px/1.5 system-ui, sans-serif", maxWidth: "28rem", margin: "4rem auto", padding: "0 1rem" };
  return (
    <html lang="en">
      <body style={style}>{children}</body>
    </html>
  );
}
