import { describe, expect, it } from "vitest";
import { addDays, dayOf, isTimeZone, startOfDay } from "./time-zone";

const start = (day: string, zone: string) => startOfDay(day, zone)?.toISOString();

describe("days in a time zone", () => {
  it("begin at local midnight, also where the clocks change that day and where an offset is no whole hour", () => {
    expect(start("2024-01-15", "UTC")).toBe("2024-01-15T00:00:00.000Z");
    expect(start("2024-01-15", "Europe/Berlin")).toBe("2024-01-14T23:00:00.000Z");
    expect(start("2024-03-31", "Europe/Berlin")).toBe("2024-03-30T23:00:00.000Z");
    expect(start("2024-04-01", "Europe/Berlin")).toBe("2024-03-31T22:00:00.000Z");
    expect(start("2024-10-28", "Europe/Berlin")).toBe("2024-10-27T23:00:00.000Z");
    expect(start("2024-01-15", "Asia/Kathmandu")).toBe("2024-01-14T18:15:00.000Z");
    expect(start("2024-01-15", "America/Los_Angeles")).toBe("2024-01-15T08:00:00.000Z");
  });

  it("are told from a moment, and counted", () => {
    expect(dayOf(new Date("2024-01-14T23:30:00Z"), "Europe/Berlin")).toBe("2024-01-15");
    expect(dayOf(new Date("2024-01-15T07:59:00Z"), "America/Los_Angeles")).toBe("2024-01-14");
    expect(addDays("2024-02-28", 2)).toBe("2024-03-01");
  });

  it("are refused where they are none", () => {
    for (const text of ["", "2024-02-30", "2024-1-5", "yesterday", "2024-01-15T00:00:00Z"]) {
      expect(startOfDay(text, "UTC")).toBeNull();
    }
    expect(isTimeZone("Europe/Berlin")).toBe(true);
    expect(isTimeZone("Mars/Phobos")).toBe(false);
  });
});
