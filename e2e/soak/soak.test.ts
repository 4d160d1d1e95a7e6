import { expect, it } from "vitest";
import { makePlan } from "./plan";
import { runSoak } from "./soak";

it("draws the same schedule from the same seed", () => {
  expect(makePlan(500, 1).hash).toBe(makePlan(500, 1).hash);
  expect(makePlan(500, 1).hash).not.toBe(makePlan(500, 2).hash);
});

it("60 payments through kills, reorgs and lying nodes: none lost, none double, none wrong", async () => {
  const { findings, plan, tally } = await runSoak({ payments: 60, seed: 5, say: () => {} });
  expect(findings, `npm run soak -- --payments 60 --seed ${plan.seed}`).toEqual([]);
  // A soak in which nobody paid in time would find nothing either.
  expect(tally.statuses.confirmed).toBeGreaterThan(25);
  expect(tally.statuses.cancelled).toBeGreaterThan(0);
});
