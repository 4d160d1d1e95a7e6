import { describe, expect, it } from "vitest";
import { csvRow, csvStream } from "./csv";

describe("CSV", () => {
  it("quotes what would break a row, and keeps every character", () => {
    expect(csvRow(["a", null, 'say "hi"', "1,5", "two\nlines", "ü"])).toBe('a,,"say ""hi""","1,5","two\nlines",ü\r\n');
  });

  it("makes text of whatever a spreadsheet would run as a formula", () => {
    for (const formula of ['=HYPERLINK("http://x")', "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"]) {
      const row = csvRow([formula]);
      expect(row.replace(/^"/, "").startsWith("'"), row).toBe(true);
    }
    expect(csvRow(["12.0000", "0xabc", "a=b"])).toBe("12.0000,0xabc,a=b\r\n");
  });

  it("is made as it is read, one batch at a time, and ends its source when nobody reads on", async () => {
    let made = 0;
    let ended = false;
    async function* batches() {
      try {
        for (;;) {
          made++;
          yield [[String(made)]];
        }
      } finally {
        ended = true;
      }
    }
    const reader = csvStream(["n"], batches()).getReader();
    expect(made).toBe(0);
    for (let i = 0; i < 3; i++) await reader.read();
    expect(made).toBe(2);
    await reader.cancel();
    expect(ended).toBe(true);
  });
});
