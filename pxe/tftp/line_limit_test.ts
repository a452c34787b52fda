import assert from "node:assert/strict";
import { LineLimit } from "./line_limit.ts";

Deno.test("LineLimit.take() allows so many lines a second and counts the rest", () => {
  const limit = new LineLimit(2);
  const taken = [0, 10, 20, 30, 999, 1000, 1001, 1002, 5000].map((ms) => limit.take(ms));
  assert.deepEqual(taken, [{}, {}, undefined, undefined, undefined, { suppressed: 3 }, {}, undefined, {
    suppressed: 1,
  }]);
});
