/** CSV as RFC 4180 has it, for spreadsheets: every row ends in CRLF, and no cell can be taken for a formula. */

/** What spreadsheets take for the beginning of a formula; a tab or line break before it does not keep them from it. */
const FORMULA = /^[=+\-@\t\r\n]/;

function cell(value: string): string {
  // An apostrophe makes it text; it is the one thing that every spreadsheet knows.
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** One row, with its end. Null is an empty cell. */
export function csvRow(values: readonly (string | null)[]): string {
  return `${values.map((value) => (value === null ? "" : cell(value))).join(",")}\r\n`;
}

/**
 * A CSV document as a stream of UTF-8 that is made as it is read: nobody who reads slowly, or goes away, leaves more than one
 * batch of rows in memory.
 */
export function csvStream(
  head: readonly string[],
  batches: AsyncIterable<readonly (readonly (string | null)[])[]>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const rows = batches[Symbol.asyncIterator]();
  let begun = false;
  return new ReadableStream(
    {
      async pull(controller) {
        if (!begun) {
          begun = true;
          controller.enqueue(encoder.encode(csvRow(head)));
          return;
        }
        const { value, done } = await rows.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value.map(csvRow).join("")));
      },
      async cancel() {
        await rows.return?.(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
