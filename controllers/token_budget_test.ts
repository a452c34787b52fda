import assert from "node:assert/strict";
import { HourlyBudget } from "./token_budget.ts";

const MINUTE = 60_000;

Deno.test("HourlyBudget gives so many in any hour, to each key its own", () => {
  const budget = new HourlyBudget(2);
  const takes = (key: string, minute: number) => budget.take(key, minute * MINUTE);
  assert.deepEqual([takes("a", 0), takes("a", 30), takes("a", 59), takes("b", 59)], [true, true, false, true]);
  assert.deepEqual([takes("a", 60), takes("a", 61), takes("a", 90)], [true, false, true]);
});

Deno.test("HourlyBudget counts nothing that came to nothing", () => {
  const budget = new HourlyBudget(1);
  assert.ok(budget.take("a", 0));
  budget.giveBack("a");
  assert.ok(budget.take("a", 1));
  budget.giveBack("never heard of");
});

Deno.test("HourlyBudget counts what others have given out, and what it gave itself, whichever is more", () => {
  const budget = new HourlyBudget(3);
  assert.deepEqual([budget.take("a", 0, 2), budget.take("a", 1, 3), budget.take("a", 2, 0)], [true, false, true]);
  assert.deepEqual([budget.take("a", 3, 1), budget.take("a", 4, 1)], [true, false]);
});
