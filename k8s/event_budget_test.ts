import { deepEqual, equal } from "node:assert/strict";
import { EventBudget, REFILL_MS } from "./event_budget.ts";

/** How many of so many are let through. */
function taken(budget: EventBudget, count: number, isWarning: boolean, nowMs: number, object = "a"): number {
  return Array.from({ length: count }, () => budget.take(object, isWarning, nowMs)).filter((isFree) => isFree).length;
}

Deno.test("an object causes 25 events at once, then one every five minutes", () => {
  const budget = new EventBudget();
  equal(taken(budget, 100, true, 0), 25);
  equal(taken(budget, 100, true, REFILL_MS - 1), 0);
  equal(taken(budget, 100, true, REFILL_MS), 1);
  equal(taken(budget, 100, true, 11 * REFILL_MS), 10);
  equal(taken(budget, 100, true, 1e12), 25, "no more than the burst, however long it was quiet");
});

Deno.test("what goes on as usual leaves five for warnings", () => {
  const budget = new EventBudget();
  deepEqual([taken(budget, 100, false, 0), taken(budget, 100, true, 0)], [20, 5]);
});

Deno.test("each object has its own, and the memory for them is bounded", () => {
  const budget = new EventBudget();
  taken(budget, 25, true, 0, "first");
  equal(budget.take("other", true, 0), true);
  equal(budget.take("first", true, 0), false);
  for (let i = 0; i < 4096; i++) budget.take(`object ${i}`, true, 0);
  equal(budget.take("first", true, 0), true, "forgotten");
});

Deno.test("a clock that goes back gives nothing and takes nothing", () => {
  const budget = new EventBudget();
  equal(taken(budget, 24, true, REFILL_MS), 24);
  equal(taken(budget, 2, true, 0), 1);
});
