import { deepEqual, equal, rejects } from "node:assert/strict";
import { BodyRoom, SMALL_BODY } from "./body_room.ts";

Deno.test("BodyRoom lets few large bodies in at a time and any number of small ones", async () => {
  const room = new BodyRoom(1 << 20);
  const seen: number[] = [];
  const end = Promise.withResolvers<void>();
  const read = (maxBytes: number) => {
    seen.push(maxBytes);
    return end.promise;
  };
  const reading = Array.from({ length: 20 }, (_, i) => room.use(i % 2 === 0 ? 1 << 20 : Infinity, read));
  const small = room.use(100, read);
  deepEqual(seen, [...Array(16).fill(1 << 20), ...Array(5).fill(SMALL_BODY)]);
  end.resolve();
  await Promise.all([...reading, small]);
  await rejects(room.use(Infinity, () => Promise.reject(new Error("gone"))), /gone/);
  await Promise.all(
    Array.from({ length: 16 }, () => room.use(Infinity, (bytes) => Promise.resolve(equal(bytes, 1 << 20)))),
  );
});

Deno.test("BodyRoom gives a body no more than the server's limit", async () => {
  equal(await new BodyRoom(20).use(5, (maxBytes) => Promise.resolve(maxBytes)), 20);
});
