import assert from "node:assert/strict";
import { FakeClock } from "../base/clock.ts";
import { MemoryLogger } from "../base/log.ts";
import { ApiError, ConnectionError } from "./errors.ts";
import { type Decide, type StatusObject, StatusWriter } from "./status.ts";

interface Widget extends StatusObject {
  status?: { a?: string; b?: string; n?: number };
}

const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

/** An API server of one resource: what an update must hold, and no more. */
class Store {
  readonly objects = new Map<string, Widget>();
  readonly calls: string[] = [];
  /** Thrown by the next calls, in turn. */
  readonly failures: Error[] = [];
  #version = 0;

  put(name: string, status: Widget["status"]): Widget {
    const object = {
      metadata: { name, resourceVersion: String(++this.#version) },
      ...(status === undefined ? {} : { status }),
    };
    this.objects.set(name, object);
    return object;
  }
  // deno-lint-ignore no-explicit-any
  get = (_: unknown, { name }: { name: string }): Promise<any> => {
    this.calls.push(`GET ${name}`);
    return this.#answer(() => this.objects.get(name));
  };
  // deno-lint-ignore no-explicit-any
  replaceStatus = (_: unknown, object: any): Promise<any> => {
    const { name, resourceVersion } = object.metadata;
    this.calls.push(`PUT ${name}`);
    return this.#answer(() => {
      const stored = this.objects.get(name);
      if (stored === undefined) return undefined;
      if (stored.metadata.resourceVersion !== resourceVersion) throw new ApiError("PUT", 409, { reason: "Conflict" });
      return this.put(name, object.status);
    });
  };
  async #answer(find: () => Widget | undefined): Promise<Widget> {
    await Promise.resolve();
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    const object = find();
    if (object === undefined) throw new ApiError("GET", 404, { reason: "NotFound" });
    return object;
  }
}

class Bench implements AsyncDisposable {
  readonly store = new Store();
  readonly clock = new FakeClock();
  readonly log = new MemoryLogger();
  readonly cache = new Map<string, Widget>();
  readonly results: string[] = [];
  readonly writer = new StatusWriter<Widget>({
    client: this.store,
    resource: { group: "example.com", version: "v1", plural: "widgets" },
    cached: (key) => this.cache.get(key),
    log: this.log,
    clock: this.clock,
    random: () => 0,
    observe: (result) => this.results.push(result),
  });
  readonly #stop = new AbortController();
  readonly #end = this.writer.run(this.#stop.signal);

  /** Moves the clock until the write is done. */
  async done<T>(write: Promise<T>): Promise<T> {
    let isDone = false;
    write.then(() => isDone = true);
    for (let tries = 0; tries < 1000 && !isDone; tries++) {
      await settle();
      if (this.clock.sleeping > 0) this.clock.advance(30_000);
    }
    return await write;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#end;
  }
}

const set = (more: Widget["status"]): Decide<Widget> => ({ status }) => ({ ...status, ...more });

Deno.test("StatusWriter writes what was decided on the cached object, in one request", async () => {
  await using bench = new Bench();
  bench.cache.set("w", bench.store.put("w", { b: "kept" }));
  const outcome = await bench.writer.write("w", "a", set({ a: "new" }));
  assert.equal(outcome.kind, "written");
  assert.deepEqual(bench.store.objects.get("w")?.status, { b: "kept", a: "new" });
  assert.deepEqual(bench.store.calls, ["PUT w"]);
  assert.equal(bench.writer.size, 0);
});

Deno.test("StatusWriter writes nothing when nothing changes, whatever the order of fields", async () => {
  await using bench = new Bench();
  bench.cache.set("w", bench.store.put("w", { a: "1", b: "2" }));
  assert.equal((await bench.writer.write("w", "a", () => undefined)).kind, "unchanged");
  assert.equal((await bench.writer.write("w", "a", () => ({ b: "2", a: "1" }))).kind, "unchanged");
  assert.deepEqual(bench.store.calls, []);
});

Deno.test("StatusWriter reads again and decides again on a conflict", async () => {
  await using bench = new Bench();
  bench.cache.set("w", bench.store.put("w", { n: 1 }));
  bench.store.put("w", { n: 5, a: "of another" });
  const count: Decide<Widget> = ({ status }) => ({ ...status, n: (status?.n ?? 0) + 1 });
  assert.equal((await bench.writer.write("w", "n", count)).kind, "written");
  assert.deepEqual(bench.store.objects.get("w")?.status, { n: 6, a: "of another" });
  assert.deepEqual(bench.store.calls, ["PUT w", "GET w", "PUT w"]);
  assert.deepEqual(bench.results, ["conflict", "written"]);
});

Deno.test("StatusWriter does not trust a cache that may not show its own last write", async () => {
  await using bench = new Bench();
  bench.cache.set("w", bench.store.put("w", { a: "old" }));
  await bench.writer.write("w", "a", set({ a: "new" }));
  assert.equal((await bench.writer.write("w", "a", set({ a: "old" }))).kind, "written", "the cache says old still");
  assert.deepEqual(bench.store.objects.get("w")?.status, { a: "old" });
  bench.clock.advance(60_000);
  bench.store.calls.length = 0;
  bench.cache.set("w", bench.store.objects.get("w")!);
  assert.equal((await bench.writer.write("w", "a", set({ a: "old" }))).kind, "unchanged");
  assert.deepEqual(bench.store.calls, []);
});

Deno.test("contract 11.15: StatusWriter keeps a write through an outage of any length, and says so once", async () => {
  await using bench = new Bench();
  bench.cache.set("w", bench.store.put("w", {}));
  for (let i = 0; i < 40; i++) bench.store.failures.push(new ConnectionError("server", "ECONNREFUSED"));
  const outcome = await bench.done(bench.writer.write("w", "a", set({ a: "late" })));
  assert.equal(outcome.kind, "written");
  assert.deepEqual(bench.store.objects.get("w")?.status, { a: "late" });
  const said = bench.log.lines.filter(({ level }) => level !== "debug").map(({ level, message }) => [level, message]);
  assert.deepEqual(said, [
    ["warn", "status is not written yet; it is tried until it is"],
    ["info", "status is written after all"],
  ]);
  assert.deepEqual(bench.results, [...Array(40).fill("failed"), "written"]);
});

Deno.test("StatusWriter goes on trying what is not allowed, as an error", async () => {
  await using bench = new Bench();
  bench.cache.set("w", bench.store.put("w", {}));
  bench.store.failures.push(new ApiError("PUT", 403, { reason: "Forbidden" }));
  assert.equal((await bench.done(bench.writer.write("w", "a", set({ a: "x" })))).kind, "written");
  assert.equal(bench.log.lines[0]?.level, "error");
});

Deno.test("StatusWriter says once that it may not write, whatever waits", async () => {
  await using bench = new Bench();
  const names = ["v", "w", "x"];
  for (const name of names) {
    bench.cache.set(name, bench.store.put(name, {}));
    bench.store.failures.push(new ApiError("PUT", 403, { reason: "Forbidden" }));
  }
  await Promise.all(names.map((name) => bench.done(bench.writer.write(name, "a", set({ a: "x" })))));
  assert.equal(bench.log.lines.filter(({ level }) => level === "error").length, 1);
});

Deno.test("StatusWriter: of writes to one slot the newest counts, writes to others are kept", async () => {
  await using bench = new Bench();
  bench.cache.set("w", bench.store.put("w", {}));
  const writes = [
    bench.writer.write("w", "a", set({ a: "1" })),
    bench.writer.write("w", "b", set({ b: "1" })),
    bench.writer.write("w", "a", set({ a: "2" })),
  ];
  assert.deepEqual((await Promise.all(writes)).map(({ kind }) => kind), ["written", "written", "written"]);
  assert.deepEqual(bench.store.objects.get("w")?.status, { a: "2", b: "1" });
  assert.deepEqual(bench.store.calls, ["PUT w"]);
});

Deno.test("StatusWriter does a write that comes while another is under way", async () => {
  await using bench = new Bench();
  bench.cache.set("w", bench.store.put("w", {}));
  let second: Promise<unknown> | undefined;
  const first = bench.writer.write("w", "a", (object) => {
    second ??= bench.writer.write("w", "a", set({ a: "second" }));
    return { ...object.status, a: "first" };
  });
  await first;
  await second;
  assert.deepEqual(bench.store.objects.get("w")?.status, { a: "second" });
  assert.equal(bench.writer.size, 0);
});

Deno.test("StatusWriter is done with an object that is gone", async () => {
  await using bench = new Bench();
  assert.equal((await bench.writer.write("nobody", "a", set({ a: "x" }))).kind, "gone");
  bench.cache.set("w", { metadata: { name: "w", resourceVersion: "1" } });
  assert.equal((await bench.writer.write("w", "a", set({ a: "x" }))).kind, "gone");
});
