import assert from "node:assert/strict";
import { FakeClock } from "../base/clock.ts";
import { MemoryLogger } from "../base/log.ts";
import { ApiError, ConnectionError } from "./errors.ts";
import { EventRecorder } from "./events.ts";

const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 0));
const ABOUT = { apiVersion: "example.com/v1", kind: "Widget", name: "w", uid: "u" };
const TEXT = { type: "Warning", reason: "Broken", message: "it is" } as const;

class Bench implements AsyncDisposable {
  readonly clock = new FakeClock(Date.parse("2026-01-01T00:00:00Z"));
  setBackMs = 0;
  readonly log = new MemoryLogger();
  // deno-lint-ignore no-explicit-any
  readonly created: any[] = [];
  readonly patched: unknown[] = [];
  readonly failures: Error[] = [];
  readonly #stop = new AbortController();
  readonly #end: Promise<void>;
  readonly recorder: EventRecorder;

  constructor() {
    const fail = () => {
      const failure = this.failures.shift();
      if (failure !== undefined) throw failure;
    };
    const client = {
      // deno-lint-ignore no-explicit-any
      create: (resource: any, body: any): Promise<any> => {
        return Promise.resolve().then(fail).then(() => this.created.push({ ...body, in: resource.namespace }));
      },
      // deno-lint-ignore no-explicit-any
      request: (_: string, path: string, options: any = {}): Promise<any> => {
        return Promise.resolve().then(fail).then(() => this.patched.push([path.split("/").at(-1), options.body]));
      },
    };
    const { clock, log } = this;
    this.recorder = new EventRecorder({
      client,
      component: "metalman",
      instance: "pod-1",
      log,
      clock: { now: () => clock.now() - this.setBackMs, sleep: (ms, options) => clock.sleep(ms, options) },
      steadyNow: () => clock.now(),
      random: () => 0,
    });
    this.#end = this.recorder.run(this.#stop.signal);
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settle();
    await this.recorder.idle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#end;
  }
}

Deno.test("EventRecorder writes an event, and counts the same again within an hour", async () => {
  await using bench = new Bench();
  bench.recorder.record(ABOUT, TEXT);
  await bench.recorder.idle();
  const [event] = bench.created;
  assert.equal(event.in, "default", "where events about cluster-scoped objects live");
  assert.deepEqual(event.involvedObject, ABOUT);
  assert.deepEqual([event.type, event.reason, event.message, event.count], ["Warning", "Broken", "it is", 1]);
  assert.deepEqual([event.firstTimestamp, event.reportingInstance], ["2026-01-01T00:00:00Z", "pod-1"]);
  for (let i = 0; i < 5; i++) bench.recorder.record(ABOUT, TEXT);
  await bench.recorder.idle();
  assert.deepEqual(bench.patched, [], "not one write for each");
  await bench.advance(30_000);
  assert.deepEqual(bench.patched, [[event.metadata.name, { count: 6, lastTimestamp: "2026-01-01T00:00:00Z" }]]);
  await bench.advance(3_600_000);
  bench.recorder.record(ABOUT, TEXT);
  await bench.recorder.idle();
  assert.equal(bench.created.length, 2);
});

Deno.test("EventRecorder writes 25 events about an object at once, then one every five minutes, and loses no count", async () => {
  await using bench = new Bench();
  for (let i = 0; i < 100; i++) bench.recorder.record(ABOUT, { ...TEXT, message: `no ${i}` });
  bench.recorder.record({ ...ABOUT, name: "other" }, TEXT);
  bench.recorder.record(ABOUT, { ...TEXT, message: "no 0" });
  await bench.recorder.idle();
  assert.equal(bench.created.length, 26);
  bench.recorder.record(ABOUT, { ...TEXT, message: "no 0" });
  await bench.advance(30_000);
  assert.deepEqual(bench.patched, []);
  await bench.advance(300_000);
  assert.deepEqual(bench.patched.map((patch) => (patch as [string, { count: number }])[1].count), [3]);
});

Deno.test("EventRecorder says when it was so, where that is known", async () => {
  await using bench = new Bench();
  bench.recorder.record(ABOUT, TEXT, Date.parse("2025-12-31T23:00:00Z"));
  await bench.recorder.idle();
  const [{ firstTimestamp, lastTimestamp }] = bench.created;
  assert.deepEqual([firstTimestamp, lastTimestamp], ["2025-12-31T23:00:00Z", "2025-12-31T23:00:00Z"]);
});

Deno.test("EventRecorder writes to the object's namespace and cuts a long message", async () => {
  await using bench = new Bench();
  bench.recorder.record({ ...ABOUT, namespace: "n" }, { ...TEXT, message: "x".repeat(5000) });
  await bench.recorder.idle();
  assert.equal(bench.created[0].in, "n");
  assert.equal(bench.created[0].message.length, 1024);
});

Deno.test("contract 4: EventRecorder does without where it is not granted, and asks again later", async () => {
  await using bench = new Bench();
  bench.failures.push(new ApiError("POST", 403, { reason: "Forbidden" }));
  bench.recorder.record(ABOUT, TEXT);
  await bench.recorder.idle();
  bench.recorder.record(ABOUT, TEXT);
  await bench.recorder.idle();
  assert.equal(bench.created.length, 0);
  bench.failures.push(new ApiError("POST", 403, { reason: "Forbidden" }));
  await bench.advance(600_000);
  bench.recorder.record(ABOUT, TEXT);
  await bench.recorder.idle();
  assert.equal(bench.created.length, 0);
  const said = bench.log.lines.map(({ level, message }) => `${level}: ${message}`);
  assert.deepEqual(said, ["info", "debug"].map((level) => `${level}: no right to write Events: doing without them`));
  await bench.advance(600_000);
  bench.recorder.record(ABOUT, TEXT);
  await bench.recorder.idle();
  assert.equal(bench.created.length, 1);
});

Deno.test("EventRecorder asks for the right again after ten minutes, also where the time of day was set back", async () => {
  await using bench = new Bench();
  bench.failures.push(new ApiError("POST", 403, { reason: "Forbidden" }));
  bench.recorder.record(ABOUT, TEXT);
  await bench.recorder.idle();
  bench.setBackMs = 3_600_000;
  await bench.advance(600_000);
  bench.recorder.record(ABOUT, TEXT);
  await bench.recorder.idle();
  assert.equal(bench.created.length, 1);
});

Deno.test("EventRecorder writes after an outage, and again when an event was removed", async () => {
  await using bench = new Bench();
  bench.failures.push(new ConnectionError("server", "ECONNREFUSED"));
  bench.recorder.record(ABOUT, TEXT);
  await bench.recorder.idle();
  assert.equal(bench.created.length, 0);
  await bench.advance(1000);
  assert.equal(bench.created.length, 1);
  bench.failures.push(new ApiError("PATCH", 404, { reason: "NotFound" }));
  bench.recorder.record(ABOUT, TEXT);
  await bench.advance(30_000);
  bench.recorder.record(ABOUT, TEXT);
  await bench.advance(30_000);
  assert.equal(bench.created.length, 2);
});

Deno.test("EventRecorder keeps its waits through an outage, however often the same is said, and loses no count", async () => {
  await using bench = new Bench();
  const outage = () => new ApiError("POST", 503);
  for (let i = 0; i < 20; i++) bench.failures.push(outage());
  for (let i = 0; i < 20; i++) {
    bench.recorder.record(ABOUT, TEXT);
    await bench.recorder.idle();
  }
  assert.equal(bench.failures.length, 19, "one try for all");
  bench.failures.length = 0;
  await bench.advance(1000);
  assert.deepEqual(bench.created.map(({ count }) => count), [20]);
});

Deno.test("EventRecorder keeps a bounded number of them while the server is away", async () => {
  await using bench = new Bench();
  for (let i = 0; i < 5000; i++) bench.failures.push(new ConnectionError("server", "ECONNREFUSED"));
  for (let i = 0; i < 5000; i++) bench.recorder.record({ ...ABOUT, name: `w${i}` }, TEXT);
  await bench.recorder.idle();
  bench.failures.length = 0;
  for (let i = 0; i < 100; i++) await bench.advance(1000);
  assert.equal(bench.created.length, 4096);
  assert.equal(bench.created.some((event) => event.involvedObject.name === "w4999"), true, "the newest are kept");
});
