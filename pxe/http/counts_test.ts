import { deepEqual, equal } from "node:assert/strict";
import { countsMemory, HTTP_SECONDS, HttpCounter, HttpCounts } from "./counts.ts";

Deno.test("HttpCounts reads what two threads have counted, each in its own memory", () => {
  const memories = [countsMemory(), countsMemory()];
  const [one, two] = memories.map((memory) => new HttpCounter(memory));
  one!.connections(3);
  two!.connections(1);
  one!.answered({ route: "file", status: 200, bytes: 1000, whole: true, seconds: 0.002 });
  two!.answered({ route: "file", status: 200, bytes: 10, whole: false, seconds: 1000 });
  two!.answered({ route: "attest", status: 418, bytes: 5, whole: true, seconds: 0 });
  const counts = new HttpCounts(memories);
  equal(counts.connections, 4);
  deepEqual(counts.requests(), [{ labels: ["file", "200"], value: 2 }, { labels: ["attest", "other"], value: 1 }]);
  deepEqual(counts.bytes().map(({ value }) => value), [1010, 0, 0, 5, 0, 0]);
  deepEqual(counts.cut().map(({ value }) => value), [1, 0, 0, 0, 0, 0]);
  const [file, , , attest] = counts.times();
  deepEqual([file!.counts[1], file!.counts[HTTP_SECONDS.length], file!.sum], [1, 1, 1000.002]);
  deepEqual([attest!.counts[0], attest!.sum], [1, 0]);
});

Deno.test("HttpCounter goes on after a thread that has ended: its connections are gone, what it did is not", () => {
  const memory = countsMemory();
  const before = new HttpCounter(memory);
  before.connections(7);
  before.answered({ route: "healthz", status: 200, bytes: 1, whole: true, seconds: 1 });
  new HttpCounter(memory);
  const counts = new HttpCounts([memory]);
  deepEqual([counts.connections, counts.requests().length], [0, 1]);
});
