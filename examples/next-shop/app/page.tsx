import { buy } from "@/app/actions";
import { PRODUCT } from "@/lib/orders";

export default function ProductPage() {
  return (
    <main>
      <h1>{PRODUCT.name}</h1>
      <p>One hour of rain, wind and a harbour at night, to download.</p>
      <p>{`${PRODUCT.amountUsdt} USDT`}</p>
      <form action={buy}>
        <button type="submit">Buy</button>
      </form>
    </main>
  );
}
