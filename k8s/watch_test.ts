import assert from "node:assert/strict";
import { systemClock } from "../base/clock.ts";
import { MemoryLogger } from "../base/log.ts";
import { accessTo, type Reply, ScriptedServer, type Seen } from "../tests/cluster/scripted_server.ts";
import { ObjectCache, withoutManagedFields } from "./cache.ts";
import { KubeClient } from "./client.ts";
import type { KubeObject } from "./object.ts";
import { watchCollection, type WatchParameters } from "./watch.ts";

const WIDGETS = { group: "example.com", version: "v1", plural: "widgets" };
const widget = (name: string, rv: number): KubeObject => ({ metadata: { name, resourceVersion: String(rv) } });
const listOf = (rv: number, ...items: KubeObject[]) => ({ items, metadata: { resourceVersion: String(rv) } });

/** A cache that follows a scripted server, and what it saw. */
class Mirror implements AsyncDisposable {
  readonly log = new MemoryLogger();
  readonly changes: string[] = [];
  readonly cache: ObjectCache<KubeObject>;
  readonly #client: KubeClient;
  readonly #stop = new AbortController();
  readonly #end: Promise<void>;
  #waiting: { line: string; resolve: () => void }[] = [];

  constructor(server: ScriptedServer, more: Partial<WatchParameters> = {}) {
    this.#client = new KubeClient(accessTo(server), { timeoutMs: 2000 });
    this.cache = new ObjectCache({ transform: withoutManagedFields, log: this.log });
    this.cache.onChange((change) => {
      const value = change.kind === "deleted" ? change.previous : change.value;
      this.changes.push(`${change.kind} ${change.key} ${value.metadata.resourceVersion}`);
      for (const { resolve } of this.#waiting.filter(({ line }) => this.changes.at(-1) === line)) resolve();
    });
    this.#end = this.cache.follow(watchCollection({
      client: this.#client,
      resource: WIDGETS,
      log: this.log,
      clock: systemClock,
      random: () => 0,
      signal: this.#stop.signal,
      backoff: { baseMs: 1, maxMs: 2 },
      ...more,
    }));
  }

  async sees(line: string): Promise<void> {
    if (this.changes.includes(line)) return;
    await new Promise<void>((resolve) => this.#waiting.push({ line, resolve }));
  }

  messages(): string[] {
    return this.log.lines.filter(({ level }) => level !== "debug").map(({ message }) => message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#end;
    this.#client[Symbol.dispose]();
  }
}

/** Answers lists and watches in turn; the last of each is repeated. */
function script(lists: ((reply: Reply, seen: Seen) => void)[], watches: ((reply: Reply, seen: Seen) => void)[]) {
  const calls = { list: 0, watch: 0 };
  return (seen: Seen, reply: Reply) => {
    const isWatch = seen.query.has("watch");
    const answers = isWatch ? watches : lists;
    const turn = isWatch ? calls.watch++ : calls.list++;
    answers[Math.min(turn, answers.length - 1)]!(reply, seen);
  };
}

const silent = (reply: Reply) => reply.stream();
const watchesOf = (server: ScriptedServer) => server.seen.filter((seen) => seen.query.has("watch"));
const listsOf = (server: ScriptedServer) => server.seen.filter((seen) => !seen.query.has("watch"));

Deno.test("watchCollection() lists, watches from there with bookmarks, and goes on where a watch ended", async () => {
  await using server = await ScriptedServer.start(script([(reply) => reply.json(listOf(5, widget("a", 3)))], [
    (reply) => {
      reply.stream();
      reply.event("ADDED", widget("b", 6));
      reply.event("BOOKMARK", { metadata: { resourceVersion: "9" } });
      reply.end();
    },
    (reply) => {
      reply.stream();
      reply.event("DELETED", widget("a", 10));
    },
  ]));
  const anew: string[] = [];
  await using mirror = new Mirror(server, { observe: (why) => anew.push(why) });
  await mirror.sees("deleted a 3");
  assert.deepEqual(anew, ["ended"]);
  assert.deepEqual(mirror.changes, ["added a 3", "added b 6", "deleted a 3"]);
  assert.deepEqual(watchesOf(server).map(({ query }) => query.get("resourceVersion")), ["5", "9"]);
  assert.equal(watchesOf(server)[0]!.query.get("allowWatchBookmarks"), "true");
  assert.equal(listsOf(server).length, 1);
  assert.deepEqual(mirror.messages(), [], "the end of a watch in good order is nothing to talk about");
});

Deno.test("watchCollection() never uses half a line of a watch that was cut", async () => {
  const whole = JSON.stringify({ type: "ADDED", object: widget("half", 6) });
  const seen = Promise.withResolvers<void>();
  await using server = await ScriptedServer.start(script([(reply) => reply.json(listOf(5))], [
    (reply) => {
      reply.stream();
      // The second line lacks its end: it could be read, and the object could be longer.
      reply.write(`${JSON.stringify({ type: "ADDED", object: widget("whole", 6) })}\n${whole}`);
      seen.promise.then(() => reply.cut());
    },
    (reply) => {
      reply.stream();
      reply.event("ADDED", widget("last", 8));
    },
  ]));
  await using mirror = new Mirror(server);
  await mirror.sees("added whole 6");
  seen.resolve();
  await mirror.sees("added last 8");
  assert.deepEqual(mirror.changes, ["added whole 6", "added last 8"]);
  assert.equal(watchesOf(server)[1]!.query.get("resourceVersion"), "6");
  assert.deepEqual(mirror.messages(), ["watch is interrupted; trying again until it works", "watch goes on"]);
});

for (
  const [name, expire] of [
    ["HTTP 410", (reply: Reply) => reply.error(410, "Expired", "too old resource version")],
    ["an ERROR event with 410", (reply: Reply) => {
      reply.stream();
      reply.event("ERROR", { code: 410, reason: "Expired", message: "too old resource version" });
    }],
  ] as const
) {
  Deno.test(`watchCollection() lists again after ${name}, and notices what is gone`, async () => {
    await using server = await ScriptedServer.start(script([
      (reply) => reply.json(listOf(5, widget("a", 3), widget("b", 4), widget("c", 5))),
      (reply) => reply.json(listOf(20, widget("a", 3), widget("c", 15), widget("d", 16))),
    ], [expire, silent]));
    await using mirror = new Mirror(server);
    await mirror.sees("deleted b 4");
    assert.deepEqual(mirror.changes.slice(3), ["updated c 15", "added d 16", "deleted b 4"]);
    await server.requests(4);
    assert.equal(watchesOf(server)[1]!.query.get("resourceVersion"), "20");
  });
}

Deno.test("watchCollection() starts a list anew that expired half-way, and takes nothing for gone before its end", async () => {
  const page = (reply: Reply, more: string, ...items: KubeObject[]) =>
    reply.json({ items, metadata: { resourceVersion: "5", ...(more === "" ? {} : { continue: more }) } });
  await using server = await ScriptedServer.start(script([
    (reply) => page(reply, "2", widget("a", 1)),
    (reply) => page(reply, "", widget("b", 2)),
    (reply) => page(reply, "2", widget("b", 2)),
    (reply) => reply.error(410, "Expired", "the provided continue parameter is too old"),
    (reply) => page(reply, "2", widget("b", 2)),
    (reply) => page(reply, "", widget("a", 1), widget("c", 3)),
  ], [(reply) => reply.error(410, "Expired"), silent]));
  await using mirror = new Mirror(server);
  await mirror.sees("added c 3");
  assert.deepEqual(mirror.changes, ["added a 1", "added b 2", "added c 3"]);
});

Deno.test("watchCollection() takes a silent connection for dead", async () => {
  await using server = await ScriptedServer.start(script([(reply) => reply.json(listOf(5))], [silent, (reply) => {
    reply.stream();
    reply.event("ADDED", widget("late", 6));
  }]));
  await using mirror = new Mirror(server, { idleMs: 60 });
  await mirror.sees("added late 6");
  assert.equal(listsOf(server).length, 1, "the watch goes on where it was");
  assert.deepEqual(mirror.messages(), [], "it may as well be that nothing happens");
});

Deno.test("watchCollection() waits for a definition that is missing at start, and says so once", async () => {
  let installed = false;
  await using server = await ScriptedServer.start((seen, reply) => {
    if (!installed) return reply.text("404 page not found", 404);
    if (seen.query.has("watch")) return reply.stream();
    reply.json(listOf(5, widget("a", 3)));
  });
  const anew = new Set<string>();
  await using mirror = new Mirror(server, { observe: (why) => anew.add(why) });
  await server.requests(5);
  assert.equal(mirror.cache.isSynced, false);
  installed = true;
  await mirror.cache.synced;
  assert.deepEqual(mirror.messages(), [
    "the API does not know this resource; waiting until its definition is installed",
    "watch goes on",
  ]);
  assert.equal(mirror.log.lines[0]!.fields.resource, "widgets.example.com");
  assert.deepEqual([...anew], ["missing"]);
});

Deno.test("watchCollection() says which right is missing, and goes on when it is granted", async () => {
  let granted = false;
  await using server = await ScriptedServer.start((seen, reply) => {
    if (!granted) return reply.error(403, "Forbidden", 'User "x" cannot list resource "widgets"');
    if (seen.query.has("watch")) return reply.stream();
    reply.json(listOf(5, widget("a", 3)));
  });
  await using mirror = new Mirror(server);
  await server.requests(4);
  granted = true;
  await mirror.cache.synced;
  const said = mirror.log.lines.filter(({ level }) => level === "error");
  assert.equal(said.length, 1, "not for each try");
  const [line] = said;
  assert.equal(line!.message, "not allowed to list and watch; grant get, list and watch on this resource");
  assert.match(String(line!.fields.error), /cannot list resource "widgets"/);
});

for (
  const [name, line] of [
    ["text that is not JSON", "garbage\n"],
    ["an event without an object", '{"type":"ADDED"}\n'],
    ["an object without a name", '{"type":"ADDED","object":{"metadata":{"resourceVersion":"9"}}}\n'],
    ["an unknown type", '{"type":"constructor","object":{"metadata":{"name":"x","resourceVersion":"9"}}}\n'],
    ["a line without end", "x".repeat(17 * 1024 * 1024)],
  ] as const
) {
  Deno.test(`watchCollection() lists again after ${name}`, async () => {
    await using server = await ScriptedServer.start(script(
      [(reply) => reply.json(listOf(5, widget("a", 3))), (reply) => reply.json(listOf(6, widget("b", 6)))],
      [(reply) => {
        reply.stream();
        reply.write(line);
      }, silent],
    ));
    await using mirror = new Mirror(server);
    await mirror.sees("deleted a 3");
    assert.deepEqual(mirror.changes, ["added a 3", "added b 6", "deleted a 3"]);
  });
}

Deno.test("watchCollection() does not list in a tight loop when each watch is refused as too old", async () => {
  const waits: number[] = [];
  await using server = await ScriptedServer.start(
    script([(reply) => reply.json(listOf(5))], [(reply) => reply.error(410, "Expired")]),
  );
  const clock = {
    ...systemClock,
    sleep: (ms: number, options?: { signal?: AbortSignal }) => {
      waits.push(ms);
      return systemClock.sleep(1, options);
    },
  };
  await using _mirror = new Mirror(server, { clock, backoff: { baseMs: 100, maxMs: 1000 } });
  await server.requests(13);
  assert.deepEqual(waits.slice(0, 5), [100, 200, 400, 800, 1000]);
});

Deno.test("watchCollection() takes in 10,000 objects in pages, and 10,000 events", async () => {
  const count = 10_000;
  await using server = await ScriptedServer.start((seen, reply) => {
    if (seen.query.has("watch")) {
      reply.stream();
      for (let i = 0; i < count; i++) reply.event("MODIFIED", widget(`w${i}`, count + i));
      return;
    }
    const from = Number(seen.query.get("continue") ?? 0);
    const to = from + Number(seen.query.get("limit"));
    const items = Array.from({ length: Math.min(to, count) - from }, (_, i) => widget(`w${from + i}`, from + i));
    reply.json({
      items,
      metadata: { resourceVersion: String(count), ...(to < count ? { continue: String(to) } : {}) },
    });
  });
  await using mirror = new Mirror(server);
  await mirror.sees(`updated w${count - 1} ${2 * count - 1}`);
  assert.equal(mirror.cache.size, count);
  assert.equal(mirror.changes.length, 2 * count);
  assert.equal(listsOf(server).length, count / 500);
});

Deno.test("watchCollection() does not talk about a right that is missing for a moment, as when a server starts", async () => {
  await using server = await ScriptedServer.start(
    script([(reply) => reply.error(403, "Forbidden"), (reply) => reply.json(listOf(5, widget("a", 3)))], [silent]),
  );
  await using mirror = new Mirror(server);
  await mirror.cache.synced;
  assert.deepEqual(mirror.messages(), []);
});
