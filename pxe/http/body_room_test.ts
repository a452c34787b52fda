import { deepEqual, equal, rejects } from "node:assert/strict";
import { BodyRoom, SMALL_BODY } from "./body_room.ts";

Deno.test("BodyRoom lets few large bodies in at a time and any number of small ones", async () => {
  const room = new BodyRoom();
  const max = 1 << 20;
  const seen: number[] = [];
  const end = Promise.withResolvers<void>();
  const read = (maxBytes: number) => {
    seen.push(maxBytes);
    return end.promise;
  };
  const reading = Array.from({ length: 20 }, (_, i) => room.use(i % 2 === 0 ? max : Infinity, max, read));
  const small = room.use(100, max, read);
  deepEqual(seen, [...Array(16).fill(max), ...Array(5).fill(SMALL_BODY)]);
  end.resolve();
  await Promise.all([...reading, small]);
  await rejects(room.use(Infinity, max, () => Promise.reject(new Error("gone"))), /gone/);
  await Promise.all(
    Array.from({ length: 16 }, () => room.use(Infinity, max, (bytes) => Promise.resolve(equal(bytes, max)))),
  );
});

Deno.test("BodyRoom gives a body no more than its limit, however little it is", async () => {
  equal(await new BodyRoom().use(5, 20, (maxBytes) => Promise.resolve(maxBytes)), 20);
});
