import type { GetServerSideProps } from "next";
import { PayShell } from "@/components/pay/shell";
import { openCancelPage, type PayPageProps } from "@/lib/pay/page";

export const config = { unstable_runtimeJS: false, runtime: "nodejs" };

export const getServerSideProps: GetServerSideProps<PayPageProps> = async ({ req, res, query }) => {
  if (req.url?.startsWith("/_next/")) return { notFound: true };
  const answer = await openCancelPage(req, res, query);
  return "redirectTo" in answer
    ? { redirect: { destination: answer.redirectTo, statusCode: 303, basePath: false } }
    : { props: answer };
};

export default PayShell;
