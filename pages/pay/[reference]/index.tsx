import type { GetServerSideProps } from "next";
import { PayShell } from "@/components/pay/shell";
import { openPayPage, type PayPageProps } from "@/lib/pay/page";

// Whole as the server makes it: no React in the browser, only the page's own small script.
export const config = { unstable_runtimeJS: false, runtime: "nodejs" };

export const getServerSideProps: GetServerSideProps<PayPageProps> = async ({ req, res, query }) => {
  // Next.js also offers what a page is made from as JSON; nobody needs that here.
  if (req.url?.startsWith("/_next/")) return { notFound: true };
  return { props: await openPayPage(req, res, query) };
};

export default PayShell;
