import assert from "node:assert/strict";
import { RequestRate } from "./request_rate.ts";

const granted = (rate: RequestRate, key: string, nowMs: number, asks: number) =>
  Array.from({ length: asks }, () => rate.take(key, nowMs)).filter((is) => is).length;

Deno.test("RequestRate grants a burst, then so many a second, to each key its own", () => {
  const rate = new RequestRate({ burst: 10, perSecond: 2 });
  assert.equal(granted(rate, "a", 1000, 50), 10);
  assert.equal(granted(rate, "b", 1000, 50), 10);
  assert.equal(granted(rate, "a", 1499, 50), 0);
  assert.equal(granted(rate, "a", 1500, 50), 1);
  assert.equal(granted(rate, "a", 3500, 50), 4);
  assert.equal(granted(rate, "a", 60_000, 50), 10);
});

Deno.test("RequestRate waits for nobody who asks too often: the next is granted when its time is there", () => {
  const rate = new RequestRate({ burst: 1, perSecond: 1 });
  let count = 0;
  for (let ms = 0; ms < 10_000; ms += 10) if (rate.take("a", ms)) count++;
  assert.equal(count, 10);
});

Deno.test("RequestRate forgets who may have a burst again, and lets a clock that was set back shut nobody out", () => {
  const rate = new RequestRate({ burst: 10, perSecond: 2 });
  for (let i = 0; i < 1000; i++) rate.take(`key ${i}`, i * 10);
  rate.take("last", 20_000);
  assert.equal(rate.size, 1);
  assert.equal(granted(rate, "last", 20_000, 50), 9);
  assert.equal(granted(rate, "last", 5000, 50), 0);
  assert.equal(granted(rate, "last", 6000, 50), 2);
});
