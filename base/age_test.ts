import { strictEqual } from "node:assert/strict";
import { age } from "./age.ts";

const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR, YEAR = 365 * DAY;
const AGES: readonly (readonly [ms: number, text: string])[] = [
  [-2 * SECOND, "<invalid>"],
  [-1.9 * SECOND, "0s"],
  [0, "0s"],
  [119.9 * SECOND, "119s"],
  [2 * MINUTE, "2m"],
  [200 * SECOND, "3m20s"],
  [10 * MINUTE + 5 * SECOND, "10m"],
  [3 * HOUR - 1, "179m"],
  [3 * HOUR, "3h"],
  [7 * HOUR + 59 * MINUTE, "7h59m"],
  [47 * HOUR, "47h"],
  [2 * DAY, "2d"],
  [2 * DAY + 5 * HOUR, "2d5h"],
  [8 * DAY + 5 * HOUR, "8d"],
  [2 * YEAR - 1, "729d"],
  [2 * YEAR, "2y"],
  [3 * YEAR + 4 * DAY, "3y4d"],
  [9 * YEAR + 4 * DAY, "9y"],
];

Deno.test("age() has about two figures, as kubectl's ages", () => {
  for (const [ms, text] of AGES) strictEqual(age(ms), text, `${ms} ms`);
});
