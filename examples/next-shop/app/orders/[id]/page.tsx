import Link from "next/link";
import { notFound } from "next/navigation";
import { pay } from "@/app/actions";
import { findOrder, type Order } from "@/lib/orders";

export const dynamic = "force-dynamic";

export default async function OrderPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  const order = findOrder(id);
  if (!order) notFound();
  return (
    <main>
      <h1>Your order of {order.product}</h1>
      <State order={order} />
    </main>
  );
}

function State({ order }: { order: Order }) {
  if (order.status === "open") {
    return (
      <>
        <meta httpEquiv="refresh" content="3" />
        <p>We are waiting for your payment. This page looks again by itself.</p>
        <form action={pay.bind(null, order.id)}>
          <button type="submit">Pay</button>
        </form>
      </>
    );
  }
  if (order.status === "paid") {
    return (
      <>
        <p>Paid. Your download key:</p>
        <p>
          <code>{order.downloadKey}</code>
        </p>
      </>
    );
  }
  return (
    <>
      <p>
        {order.status === "expired" ? "The time to pay is over, and nothing was paid." : "This order was cancelled."}
      </p>
      <Link href="/">Order again</Link>
    </>
  );
}
