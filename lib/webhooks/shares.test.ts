import { beforeEach, describe, expect, it } from "vitest";
import { MAX_SHARE, Shares, SLOW_MS, START_SHARE } from "./shares";

let now = 0;
let shares: Shares;
beforeEach(() => {
  now = 1_000_000;
  shares = new Shares(() => now);
});
const attempt = (ms: number, merchant = "m") => {
  shares.started(merchant, "d");
  now += ms;
  shares.ended(merchant, "d");
};

describe("a merchant's share", () => {
  it("is the usual one while nothing is known, less what is on its way", () => {
    expect(shares.rooms().has("m")).toBe(false);
    shares.started("m", "a");
    shares.started("m", "b");
    expect(shares.rooms().get("m")).toBe(START_SHARE - 2);
  });

  it("grows with every quick answer, up to a limit", () => {
    for (let i = 0; i < 10; i++) attempt(50);
    expect(shares.rooms().get("m")).toBe(START_SHARE + 10);
    for (let i = 0; i < 1000; i++) attempt(50);
    expect(shares.rooms().get("m")).toBe(MAX_SHARE);
  });

  it("is halved by every slow one, down to one attempt, and grows again", () => {
    for (const left of [10, 5, 2, 1, 1]) {
      attempt(30_000);
      expect(shares.rooms().get("m")).toBe(left);
    }
    attempt(50);
    expect(shares.rooms().get("m")).toBe(2);
  });

  it("is nothing while an attempt hangs, whatever is free of it", () => {
    shares.started("m", "a");
    now += SLOW_MS + 1;
    expect(shares.rooms().get("m")).toBe(0);
    shares.ended("m", "a");
    expect(shares.rooms().get("m")).toBe(START_SHARE / 2);
  });

  it("is each merchant's own", () => {
    attempt(30_000, "slow");
    expect(shares.rooms().has("quick")).toBe(false);
  });
});
