const escaped = (text) => String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

export function page(title, body, head = "") {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
${head}
<title>${escaped(title)}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 28rem; margin: 4rem auto; padding: 0 1rem }
  button { font: inherit; padding: .5rem 1rem }
  code { font-size: 1.25rem }
</style>
<h1>${escaped(title)}</h1>
${body}
</html>`;
}

export const productPage = ({ name, amountUsdt }) =>
  page(
    name,
    `<p>One hour of rain, wind and a harbour at night, to download.</p>
<p>${escaped(amountUsdt)} USDT</p>
<form method="post" action="/orders"><button>Buy</button></form>`,
  );

const STATES = {
  open: ({ id }) => `<p>We are waiting for your payment. This page looks again by itself.</p>
<form method="post" action="/orders/${escaped(id)}/pay"><button>Pay</button></form>`,
  paid: ({ downloadKey }) => `<p>Paid. Your download key:</p><p><code>${escaped(downloadKey)}</code></p>`,
  expired: () => `<p>The time to pay is over, and nothing was paid.</p><p><a href="/">Order again</a></p>`,
  cancelled: () => `<p>This order was cancelled.</p><p><a href="/">Order again</a></p>`,
};

export const orderPage = (order) =>
  page(
    `Your order of ${order.product}`,
    STATES[order.status](order),
    order.status === "open" ? '<meta http-equiv="refresh" content="3">' : "",
  );
