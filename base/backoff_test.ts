import { equal } from "node:assert/strict";
import fc from "fast-check";
import { backoffMs } from "./backoff.ts";

Deno.test("backoffMs() doubles up to its limit", () => {
  const options = { baseMs: 100, maxMs: 1000 };
  const waits = [1, 2, 3, 4, 5, 500].map((failures) => backoffMs(failures, options, 0));
  equal(waits.join(), "100,200,400,800,1000,1000");
});

Deno.test("backoffMs() takes off at most the jitter", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 99 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (n, random) => {
      const wait = backoffMs(n, { baseMs: 100, maxMs: 1000, jitter: 0.2 }, random);
      const full = backoffMs(n, { baseMs: 100, maxMs: 1000, jitter: 0.2 }, 0);
      equal(wait <= full && wait >= full * 0.79, true);
    }),
  );
});
