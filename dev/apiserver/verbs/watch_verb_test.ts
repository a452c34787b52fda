import assert from "node:assert/strict";
import fc from "fast-check";
import type { ApiObject } from "../object.ts";
import type { WatchEvent } from "./verb_types.ts";
import { VerbsRig } from "./verbs_rig.ts";

/** `ADDED a 5`: type, name and a label; for BOOKMARK whether it ends the initial events. */
function shown({ type, object }: WatchEvent): string {
  if (type === "ERROR") return `ERROR ${object["code"]} ${object["message"]}`;
  const { name, labels, annotations } = (object as ApiObject).metadata;
  if (type === "BOOKMARK") return annotations === undefined ? "BOOKMARK" : "BOOKMARK end";
  return `${type} ${name} ${(labels as { v?: string } | undefined)?.v ?? ""}`.trim();
}

async function take(events: AsyncIterator<WatchEvent>, count: number): Promise<string[]> {
  const all: string[] = [];
  while (all.length < count) {
    const { value, done } = await events.next();
    if (done === true) return [...all, "end"];
    all.push(shown(value));
  }
  return all;
}

const label = (rig: VerbsRig, name: string, v: string) => rig.merge("Widget", name, { metadata: { labels: { v } } });

Deno.test("a watch tells what happens after a resourceVersion (Kubernetes API concepts, Efficient detection of changes)", async () => {
  using rig = new VerbsRig();
  const ended = new AbortController();
  const { revision } = rig.store;
  rig.widget("a", { labels: { v: "1" } });
  const events = rig.watch("Widget", `resourceVersion=${revision}`, ended.signal);
  assert.deepEqual(await take(events, 1), ["ADDED a 1"]);
  const waiting = take(events, 3);
  label(rig, "a", "2");
  rig.call("create", "ConfigMap", { body: { metadata: { name: "other" } } });
  rig.call("delete", "Widget", { name: "a" });
  rig.widget("b");
  assert.deepEqual(await waiting, ["MODIFIED a 2", "DELETED a 2", "ADDED b"]);
  const end = take(events, 1);
  ended.abort();
  assert.deepEqual(await end, ["end"]);
  assert.equal(rig.clock.sleeping, 0);
});

const STARTS: [name: string, query: string, wanted: string[]][] = [
  ["without a resourceVersion", "", ["ADDED a", "ADDED b", "ADDED c"]],
  ["at any", "resourceVersion=0", ["ADDED a", "ADDED b", "ADDED c"]],
  ["with bookmarks", "allowWatchBookmarks=true", ["ADDED a", "ADDED b", "BOOKMARK end", "ADDED c"]],
  [
    "as a streaming list",
    "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
    ["ADDED a", "ADDED b", "BOOKMARK end", "ADDED c"],
  ],
  ["without initial events", "sendInitialEvents=false&resourceVersionMatch=NotOlderThan", ["ADDED c"]],
  ["with a limit, which says nothing", "limit=1", ["ADDED a", "ADDED b", "ADDED c"]],
  ["with a selector", "fieldSelector=metadata.name%3Db", ["ADDED b"]],
];

for (const [name, query, wanted] of STARTS) {
  Deno.test(`a watch ${name} begins with ${wanted.join(", ")}`, async () => {
    using rig = new VerbsRig();
    rig.widget("a");
    rig.widget("b");
    const ended = new AbortController();
    const events = rig.watch("Widget", query, ended.signal);
    const seen = [];
    for (let i = 0; i < wanted.length; i++) {
      const event = events.next();
      if (i === wanted.length - 1 && wanted[i] === "ADDED c") {
        // It waits by now for what comes.
        await Promise.resolve();
        rig.widget("c");
      }
      seen.push(shown((await event).value));
    }
    assert.deepEqual(seen, wanted);
    ended.abort();
    await events.next();
  });
}

Deno.test("a selector turns changes into what its client sees", async () => {
  using rig = new VerbsRig();
  const ended = new AbortController();
  const { revision } = rig.store;
  rig.widget("a", { labels: { v: "1" } });
  for (const v of ["2", "1", "1b"]) label(rig, "a", v);
  rig.call("delete", "Widget", { name: "a" });
  rig.widget("b", { labels: { v: "1" } });
  label(rig, "b", "1");
  rig.merge("Widget", "b", { spec: { size: 4 } });
  rig.call("delete", "Widget", { name: "b" });
  const events = rig.watch("Widget", `resourceVersion=${revision}&labelSelector=v%3D1`, ended.signal);
  assert.deepEqual(await take(events, 7), [
    "ADDED a 1",
    "DELETED a 1",
    "ADDED a 1",
    "DELETED a 1",
    "ADDED b 1",
    "MODIFIED b 1",
    "DELETED b 1",
  ]);
  ended.abort();
  await events.next();
});

Deno.test("what a selector sees go has the revision of the change", async () => {
  using rig = new VerbsRig();
  const { metadata: { resourceVersion } } = rig.widget("a", { labels: { v: "1" } });
  const after = label(rig, "a", "2").metadata["resourceVersion"];
  const ended = new AbortController();
  const events = rig.watch("Widget", `resourceVersion=${resourceVersion}&labelSelector=v%3D1`, ended.signal);
  const { value } = await events.next();
  assert.deepEqual([value.type, value.object.metadata.resourceVersion], ["DELETED", after]);
  ended.abort();
  await events.next();
});

Deno.test("a watch from a forgotten revision ends with an error 410 (Kubernetes API concepts, 410 Gone responses)", async () => {
  using rig = new VerbsRig();
  rig.widget("a");
  rig.clock.advance(3_600_000);
  for (let i = 0; i < 1600; i++) label(rig, "a", String(i));
  const events = rig.watch("Widget", "resourceVersion=2", new AbortController().signal);
  assert.match((await take(events, 1))[0]!, /^ERROR 410 too old resource version: 2 \(\d+\)$/);
  assert.deepEqual(await take(events, 1), ["end"]);
});

Deno.test("a watch ends after timeoutSeconds, with a bookmark before", async () => {
  using rig = new VerbsRig();
  const events = rig.watch(
    "Widget",
    "resourceVersion=1&timeoutSeconds=10&allowWatchBookmarks=1",
    new AbortController().signal,
  );
  const all = take(events, 9);
  rig.clock.advance(8_000);
  await new Promise((resolve) => queueMicrotask(() => resolve(undefined)));
  rig.clock.advance(2_000);
  assert.deepEqual(await all, ["BOOKMARK", "end"]);
  assert.equal(rig.clock.sleeping, 0);
});

Deno.test("a quiet watch gets a bookmark each minute, of the latest revision", async () => {
  using rig = new VerbsRig();
  const ended = new AbortController();
  const events = rig.watch("Widget", "resourceVersion=1&allowWatchBookmarks=true", ended.signal);
  for (let minute = 0; minute < 3; minute++) {
    const event = events.next();
    await Promise.resolve();
    rig.call("create", "ConfigMap", { body: { metadata: { name: `m${minute}` } } });
    await Promise.resolve();
    rig.clock.advance(60_000);
    const { value } = await event;
    assert.equal(value.type, "BOOKMARK");
    assert.deepEqual(value.object, {
      kind: "Widget",
      apiVersion: "example.com/v1",
      metadata: { resourceVersion: String(rig.store.revision) },
    });
  }
  ended.abort();
  await events.next();
});

Deno.test("what is wrong with a watch is thrown at once", () => {
  using rig = new VerbsRig();
  assert.throws(() => rig.watch("Widget", "labelSelector=,", new AbortController().signal), /expected: !, identifier/);
});

const ACTIONS = fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.constantFrom("1", "2", "gone")), {
  maxLength: 40,
});

Deno.test("property: a list and the watch after it give what a selector means, at any pace of reading", async () => {
  await fc.assert(
    fc.asyncProperty(
      ACTIONS,
      fc.constantFrom("", "labelSelector=v%3D1"),
      fc.nat(40),
      async (actions, selector, pause) => {
        using rig = new VerbsRig();
        const listed = () => rig.call("list", "Widget", { query: selector }).body as unknown as { items: ApiObject[] };
        const mirror = new Map<string, unknown>();
        const ended = new AbortController();
        const events = rig.watch(
          "Widget",
          `resourceVersion=${rig.store.revision}&${selector}&allowWatchBookmarks=1`,
          ended.signal,
        );
        const reading = (async () => {
          for (;;) {
            const { value, done } = await events.next();
            if (done === true) return;
            const { name } = (value.object as ApiObject).metadata;
            if (value.type === "BOOKMARK") ended.abort();
            else assert.equal(mirror.has(name), value.type !== "ADDED");
            if (value.type === "DELETED") mirror.delete(name);
            else if (value.type !== "BOOKMARK") mirror.set(name, value.object);
          }
        })();
        let step = 0;
        for (const [name, v] of actions) {
          const exists = rig.store.get({ resource: "widgets.example.com" }, name) !== undefined;
          if (v === "gone" && exists) rig.call("delete", "Widget", { name });
          else if (v !== "gone" && exists) label(rig, name, v);
          else if (v !== "gone") rig.widget(name, { labels: { v } });
          if (step++ % (pause + 1) === 0) await Promise.resolve();
        }
        for (let i = 0; i < 200 && rig.clock.sleeping === 0; i++) await Promise.resolve();
        for (let i = 0; i < 500; i++) await Promise.resolve();
        rig.clock.advance(60_000);
        await reading;
        assert.deepEqual([...mirror.values()].sort(byName), listed().items);
      },
    ),
    { numRuns: 40 },
  );
});

function byName(a: unknown, b: unknown): number {
  return (a as ApiObject).metadata.name < (b as ApiObject).metadata.name ? -1 : 1;
}
