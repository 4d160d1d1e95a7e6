import { describe, expect, it } from "vitest";
import { AppError, ERROR_STATUS, type ErrorCode, STATUS_TEXT } from "./errors";

describe("errors", () => {
  it.each(Object.entries(ERROR_STATUS))("%s has a status text for its %s", (code, status) => {
    expect(STATUS_TEXT[status]).toMatch(/^[A-Z]/);
    expect(new AppError(code as ErrorCode, "words").statusCode).toBe(status);
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
  });

  it("an AppError keeps what caused it", () => {
    const cause = new Error("underneath");
    expect(new AppError("internal", "words", { cause }).cause).toBe(cause);
    expect("cause" in new AppError("internal", "words")).toBe(false);
  });
});
