import assert from "node:assert/strict";
import { FakeClock } from "../base/clock.ts";
import { MemoryLogger } from "../base/log.ts";
import { Controller, type ControllerOptions, type Result } from "./controller.ts";
import { WorkQueue } from "./queue.ts";

/** Lets everything run that does not wait for the clock. */
const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

/** A controller whose work the test ends. */
class Bench implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly log = new MemoryLogger();
  readonly started: string[] = [];
  readonly running = new Map<string, PromiseWithResolvers<Result>>();
  readonly controller: Controller;
  readonly #stop = new AbortController();
  readonly #end: Promise<void>;

  constructor(more: Partial<ControllerOptions> = {}) {
    this.controller = new Controller({
      name: "test",
      log: this.log,
      clock: this.clock,
      random: () => 0,
      backoff: { baseMs: 1000, maxMs: 4000 },
      reconcile: (key) => {
        this.started.push(key);
        assert.equal(this.running.has(key), false, "one worker at a key");
        const work = Promise.withResolvers<Result>();
        this.running.set(key, work);
        return work.promise;
      },
      ...more,
    });
    this.#end = this.controller.run(this.#stop.signal);
  }

  async end(key: string, result: Result | Error): Promise<void> {
    const work = this.running.get(key)!;
    this.running.delete(key);
    if (result instanceof Error) work.reject(result);
    else work.resolve(result);
    await settle();
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const work of this.running.values()) work.resolve({ kind: "done" });
    this.#stop.abort();
    await this.#end;
    assert.equal(this.clock.sleeping, 0, "no timer is left");
  }
}

Deno.test("Controller works on a key once however often it is asked, and once more when asked meanwhile", async () => {
  await using bench = new Bench();
  for (let i = 0; i < 5; i++) bench.controller.enqueue("a");
  await settle();
  assert.deepEqual(bench.started, ["a"]);
  for (let i = 0; i < 5; i++) bench.controller.enqueue("a");
  await settle();
  assert.deepEqual(bench.started, ["a"]);
  await bench.end("a", { kind: "done" });
  assert.deepEqual(bench.started, ["a", "a"]);
  await bench.end("a", { kind: "done" });
  assert.deepEqual(bench.started, ["a", "a"]);
  await bench.controller.idle();
});

Deno.test("Controller tells how long keys waited and were worked on: each addition has one beginning and one end", async () => {
  const seen: string[] = [];
  const observe = {
    added: () => seen.push("added"),
    began: (ms: number) => seen.push(`began after ${ms}`),
    ended: (ms: number) => seen.push(`ended after ${ms}`),
    retried: () => seen.push("retried"),
  };
  await using bench = new Bench({ concurrency: 1, observe });
  for (const key of ["a", "b", "a"]) bench.controller.enqueue(key);
  await settle();
  await bench.advance(30);
  bench.controller.enqueue("a");
  bench.controller.enqueue("a");
  await bench.advance(12);
  assert.deepEqual(seen.splice(0), ["added", "added", "began after 0", "added"]);
  await bench.end("a", { kind: "done" });
  assert.deepEqual(seen.splice(0), ["ended after 42", "began after 42"]);
  await bench.end("b", new Error("no"));
  assert.deepEqual(seen.splice(0), ["retried", "ended after 0", "began after 12"]);
});

Deno.test("Controller works on many keys at once, up to its limit, in order", async () => {
  await using bench = new Bench({ concurrency: 2 });
  for (const key of ["a", "b", "c", "d"]) bench.controller.enqueue(key);
  await settle();
  assert.deepEqual(bench.started, ["a", "b"]);
  await bench.end("b", { kind: "done" });
  assert.deepEqual(bench.started, ["a", "b", "c"]);
});

Deno.test("Controller looks again after the time a result says", async () => {
  await using bench = new Bench();
  bench.controller.enqueue("a");
  await settle();
  await bench.end("a", { kind: "again", afterMs: 500 });
  await bench.advance(499);
  assert.equal(bench.started.length, 1);
  await bench.advance(1);
  assert.equal(bench.started.length, 2);
});

Deno.test("Controller waits longer after each failure, and starts small again after a success", async () => {
  await using bench = new Bench();
  bench.controller.enqueue("a");
  await settle();
  for (const ms of [1000, 2000, 4000, 4000]) {
    const before = bench.started.length;
    await bench.end("a", new Error("no"));
    await bench.advance(ms - 1);
    assert.equal(bench.started.length, before);
    await bench.advance(1);
    assert.equal(bench.started.length, before + 1);
  }
  await bench.end("a", { kind: "done" });
  bench.controller.enqueue("a");
  await settle();
  await bench.end("a", new Error("no"));
  assert.equal(bench.log.lines.at(-1)?.fields.retryMs, 1000);
});

Deno.test("Controller does not try again what has failed for good, until it is asked", async () => {
  await using bench = new Bench();
  bench.controller.enqueue("a");
  await settle();
  await bench.end("a", { kind: "failed", reason: "no such thing" });
  await bench.advance(1e9);
  assert.equal(bench.started.length, 1);
  assert.deepEqual(bench.log.lines.map(({ level, fields }) => [level, fields.reason]), [["error", "no such thing"]]);
  bench.controller.enqueue("a");
  await settle();
  assert.equal(bench.started.length, 2);
});

Deno.test("WorkQueue keeps the earliest of several times, and drops it when work comes first", async () => {
  const clock = new FakeClock();
  const queue = new WorkQueue({ clock, random: () => 0 });
  const stop = new AbortController();
  const seen: string[] = [];
  const end = queue.run(1, (key) => {
    seen.push(key);
    return Promise.resolve();
  }, stop.signal);
  queue.addAfter("a", 5000);
  queue.addAfter("a", 1000);
  queue.addAfter("a", 3000);
  clock.advance(1000);
  await settle();
  clock.advance(9000);
  await settle();
  assert.deepEqual(seen, ["a"]);
  queue.addAfter("a", 1000);
  queue.add("a");
  await queue.idle();
  assert.equal(queue.size, 0);
  assert.equal(clock.sleeping, 0);
  stop.abort();
  await end;
  assert.deepEqual(seen, ["a", "a"]);
});
