import { deepEqual, equal, rejects } from "node:assert/strict";
import { FakeClock, systemClock } from "./clock.ts";

for (const [name, clock] of [["systemClock", systemClock], ["FakeClock", new FakeClock()]] as const) {
  Deno.test(`${name}.sleep() rejects with the signal's reason and leaves nothing behind`, async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const sleep = clock.sleep(3_600_000, { signal: controller.signal });
    controller.abort(reason);
    await rejects(sleep, reason);
    await rejects(clock.sleep(1, { signal: controller.signal }), reason);
  });
}

Deno.test("systemClock.sleep() ends by itself", async () => {
  await systemClock.sleep(1, { signal: new AbortController().signal });
});

Deno.test("FakeClock.advance() wakes who is due, in order", async () => {
  const clock = new FakeClock(1000);
  const woken: number[] = [];
  const sleeps = [30, 10, 20].map((ms) => clock.sleep(ms).then(() => woken.push(ms)));
  clock.advance(20);
  await Promise.all(sleeps.slice(1));
  deepEqual(woken, [10, 20]);
  equal(clock.sleeping, 1);
  clock.advance(10);
  await sleeps[0];
  equal(clock.now(), 1030);
});
