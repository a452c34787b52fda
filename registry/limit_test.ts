import assert from "node:assert/strict";
import { Limit } from "./limit.ts";

Deno.test("Limit runs so many at once, in order, and lets go of who gave up", async () => {
  const limit = new Limit(2);
  const started: number[] = [];
  const ends: (() => void)[] = [];
  const stop = new AbortController();
  const start = (n: number, signal?: AbortSignal) =>
    limit.run(() => {
      started.push(n);
      return new Promise<number>((resolve) => ends.push(() => resolve(n)));
    }, signal);
  const runs = [start(1), start(2), start(3, stop.signal), start(4)];
  // A macrotask: all that can go on has gone on.
  const settled = () => new Promise((resolve) => setTimeout(resolve));
  await settled();
  assert.deepEqual(started, [1, 2]);
  stop.abort(new Error("enough"));
  await assert.rejects(runs[2]!, /enough/);
  ends[0]!();
  assert.equal(await runs[0], 1);
  await settled();
  assert.deepEqual(started, [1, 2, 4]);
  ends[1]!();
  ends[2]!();
  assert.deepEqual(await Promise.all([runs[1], runs[3]]), [2, 4]);
  await assert.rejects(limit.run(() => Promise.reject(new Error("work failed"))), /work failed/);
  assert.equal(await limit.run(() => Promise.resolve("free again")), "free again");
});
