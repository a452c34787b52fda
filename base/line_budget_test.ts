import assert from "node:assert/strict";
import { LineBudget } from "./line_budget.ts";

Deno.test("LineBudget lets a burst through, then so many a second, and counts the rest", () => {
  const budget = new LineBudget({ burst: 3, perSecond: 2 });
  const taken = (nowMs: number, times: number) =>
    Array.from({ length: times }, () => budget.take(nowMs)).filter(Boolean).length;
  assert.equal(taken(1000, 10), 3);
  assert.equal(budget.heldBack(), 7);
  assert.equal(budget.heldBack(), undefined);
  assert.equal(taken(1499, 1), 0);
  assert.equal(taken(1500, 2), 1);
  assert.equal(taken(60_000, 10), 3);
});

Deno.test("LineBudget is not confused by a clock that goes back", () => {
  const budget = new LineBudget({ burst: 1, perSecond: 1 });
  assert.ok(budget.take(10_000));
  assert.ok(!budget.take(5_000));
  assert.ok(budget.take(6_000));
});
