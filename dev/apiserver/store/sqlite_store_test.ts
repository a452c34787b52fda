import assert from "node:assert/strict";
import fc from "fast-check";
import { FakeClock } from "../../../base/clock.ts";
import type { ApiObject } from "../object.ts";
import { type HistoryLimits, SqliteStore } from "./sqlite_store.ts";
import { StatusError } from "../status_error.ts";
import type { Scope, StoredChange } from "./store_types.ts";

const SCOPE: Scope = { resource: "configmaps", namespace: "a" };

function configMap(name: string, text = ""): ApiObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { text } };
}

function put(store: SqliteStore, name: string, text = "", scope = SCOPE): ApiObject {
  const version = store.get(scope, name)?.metadata["resourceVersion"] ?? "absent";
  return store.put(scope, name, configMap(name, text), String(version))!;
}

function remove(store: SqliteStore, name: string, scope = SCOPE): ApiObject {
  return store.delete(scope, name, String(store.get(scope, name)!.metadata["resourceVersion"]))!;
}

/** All changes after a revision, as a watch reads them. */
function changesFrom(store: SqliteStore, revision: number, scope: Scope = SCOPE): StoredChange[] {
  const all: StoredChange[] = [];
  for (let at = revision; at < store.revision;) {
    const { changes, upTo } = store.changesAfter(scope, at);
    all.push(...changes);
    assert.ok(upTo > at);
    at = upTo;
  }
  return all;
}

const names = (objects: readonly ApiObject[]) => objects.map(({ metadata: { name } }) => name);
const text = (object: ApiObject | undefined) => (object?.["data"] as { text: string } | undefined)?.text;

Deno.test("put() makes an object, changes it, and refuses what another has written since", () => {
  using store = SqliteStore.open();
  const first = put(store, "x", "1");
  assert.equal(store.put(SCOPE, "x", configMap("x"), "absent"), undefined);
  const second = store.put(SCOPE, "x", configMap("x", "2"), String(first.metadata["resourceVersion"]))!;
  assert.equal(store.put(SCOPE, "x", configMap("x", "3"), String(first.metadata["resourceVersion"])), undefined);
  assert.equal(second.metadata["resourceVersion"], String(store.revision));
  assert.deepEqual(store.get(SCOPE, "x"), second);
  assert.equal(store.put(SCOPE, "y", configMap("y"), "1"), undefined);
});

Deno.test("delete() gives the object as it was last, with the revision of the deletion", () => {
  using store = SqliteStore.open();
  const { metadata } = put(store, "x", "1");
  assert.equal(store.delete(SCOPE, "x", "999"), undefined);
  const gone = store.delete(SCOPE, "x", String(metadata["resourceVersion"]))!;
  assert.equal(text(gone), "1");
  assert.equal(gone.metadata["resourceVersion"], String(store.revision));
  assert.equal(store.get(SCOPE, "x"), undefined);
  assert.equal(store.delete(SCOPE, "x", String(store.revision)), undefined);
});

Deno.test("list() is in the order of namespaces and names, which a namespace is a part of", () => {
  using store = SqliteStore.open();
  for (const [namespace, name] of [["b", "x"], ["a-b", "x"], ["a", "y"], ["a", "b"], ["ab", "x"]] as const) {
    put(store, name, namespace, { resource: "configmaps", namespace });
  }
  put(store, "other", "", { resource: "secrets", namespace: "a" });
  const all = store.list({ resource: "configmaps" });
  assert.deepEqual(all.objects.map((object) => `${text(object)}/${object.metadata.name}`), [
    "a-b/x",
    "a/b",
    "a/y",
    "ab/x",
    "b/x",
  ]);
  assert.deepEqual(names(store.list(SCOPE).objects), ["b", "y"]);
  assert.deepEqual(store.list({ resource: "nothing" }).objects, []);
});

Deno.test("list() of a namespace gives nothing of others, wherever it is to begin", () => {
  using store = SqliteStore.open();
  for (const namespace of ["a", "b", "c"]) put(store, "x", "", { resource: "configmaps", namespace });
  for (const after of ["a/x", "", "a/"]) {
    const { objects } = store.list({ resource: "configmaps", namespace: "b" }, { after });
    assert.deepEqual(names(objects), ["x"]);
  }
  assert.deepEqual(store.list(SCOPE, { after: "c/x" }), { objects: [], revision: store.revision, remaining: 0 });
});

Deno.test("list() pages at one revision, whatever is written meanwhile", () => {
  using store = SqliteStore.open();
  for (let i = 0; i < 5; i++) put(store, `m${i}`, "old");
  const first = store.list(SCOPE, { limit: 2 });
  assert.deepEqual([names(first.objects), first.remaining, first.next], [["m0", "m1"], 3, "a/m1"]);
  put(store, "m3", "new");
  put(store, "m3", "newer");
  put(store, "m2a");
  remove(store, "m4");
  put(store, "m4", "again");
  const { revision } = first;
  const second = store.list(SCOPE, { limit: 2, after: first.next!, revision });
  assert.deepEqual([names(second.objects), second.remaining, second.next], [["m2", "m3"], 1, "a/m3"]);
  assert.equal(text(second.objects[1]), "old");
  const third = store.list(SCOPE, { limit: 2, after: second.next!, revision });
  assert.deepEqual([names(third.objects), third.remaining, third.next], [["m4"], 0, undefined]);
  assert.equal(text(third.objects[0]), "old");
});

Deno.test("changesAfter() tells what was added, modified and deleted, each with what was there before", () => {
  using store = SqliteStore.open();
  const { revision } = store;
  put(store, "x", "1");
  put(store, "x", "2");
  put(store, "other", "", { resource: "secrets", namespace: "a" });
  put(store, "x", "", { resource: "configmaps", namespace: "b" });
  remove(store, "x");
  const seen = changesFrom(store, revision).map((change) => [change.type, text(change.before), text(change.object)]);
  assert.deepEqual(seen, [["ADDED", undefined, "1"], ["MODIFIED", "1", "2"], ["DELETED", "2", "2"]]);
  assert.deepEqual(store.changesAfter(SCOPE, store.revision), { changes: [], upTo: store.revision });
});

Deno.test("changesAfter() reads from the history what is no longer in memory, and says the same", () => {
  using store = SqliteStore.open();
  const { revision } = store;
  for (let i = 0; i < 1500; i++) put(store, `m${i % 3}`, String(i));
  const seen = changesFrom(store, revision);
  assert.equal(seen.length, 1500);
  seen.forEach(({ object, before, type }, i) => {
    assert.equal(text(object), String(i));
    assert.equal(text(before), i < 3 ? undefined : String(i - 3));
    assert.equal(type, i < 3 ? "ADDED" : "MODIFIED");
  });
});

Deno.test("written resolves at the next write", async () => {
  using store = SqliteStore.open();
  const { written } = store;
  put(store, "x");
  await written;
  assert.notEqual(store.written, written);
});

/** What a call answers: "kept", or the refusal. */
function outcome(call: () => unknown): string {
  try {
    call();
    return "kept";
  } catch (error) {
    assert.ok(error instanceof StatusError && error.code === 410);
    return error.message;
  }
}

const LIMITS: { name: string; limits: HistoryLimits; writes: number; afterMs: number; forgotten: boolean }[] = [
  { name: "few changes are kept", limits: { changes: 1000 }, writes: 300, afterMs: 0, forgotten: false },
  { name: "more than the limit are not", limits: { changes: 100 }, writes: 600, afterMs: 0, forgotten: true },
  { name: "old ones are not", limits: { ageMs: 1000 }, writes: 300, afterMs: 2000, forgotten: true },
  { name: "young ones are", limits: { ageMs: 1000 }, writes: 300, afterMs: 500, forgotten: false },
];

for (const { name, limits, writes, afterMs, forgotten } of LIMITS) {
  Deno.test(`history: ${name} (Kubernetes API concepts, "410 Gone" responses)`, () => {
    const clock = new FakeClock(1_000_000);
    // Changes in memory are not what is tested: more than those are written first.
    using store = SqliteStore.open(undefined, { ...limits, clock });
    put(store, "kept", "old");
    const { revision } = store;
    for (let i = 0; i < writes; i++) put(store, "x", String(i));
    clock.advance(afterMs);
    for (let i = 0; i < 256; i++) put(store, "y", String(i));
    const listed = outcome(() => store.list(SCOPE, { revision }));
    assert.equal(listed, forgotten ? "The resourceVersion for the provided list is too old." : "kept");
    assert.equal(text(store.get(SCOPE, "kept")), "old");
    assert.equal(text(store.list(SCOPE, { revision: store.revision - 1 }).objects[0]), "old");
  });
}

Deno.test("changesAfter() refuses a reader that fell behind what is kept (410)", () => {
  using store = SqliteStore.open(undefined, { changes: 100 });
  const { revision } = store;
  for (let i = 0; i < 2000; i++) put(store, "x", String(i));
  assert.match(outcome(() => store.changesAfter(SCOPE, revision)), /^too old resource version: 1 \(\d+\)$/);
});

const NAMES = fc.constantFrom("a/x", "a/y", "b/x", "b/z");
const ACTIONS = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("put" as const), name: NAMES }),
    fc.record({ kind: fc.constant("delete" as const), name: NAMES }),
  ),
  { minLength: 1, maxLength: 60 },
);

Deno.test("property: a list and the changes after it give the content, from any revision, in any scope", () => {
  fc.assert(
    fc.property(ACTIONS, fc.constantFrom(undefined, "a", "b"), fc.nat(), (actions, namespace, from) => {
      using store = SqliteStore.open();
      const scope: Scope = { resource: "configmaps", ...(namespace === undefined ? {} : { namespace }) };
      const content = () => new Map(store.list(scope).objects.map((object) => [JSON.stringify(object.data), object]));
      const snapshots = [{ revision: store.revision, content: content() }];
      actions.forEach(({ kind, name: key }, index) => {
        const [namespace = "", name = ""] = key.split("/");
        const of: Scope = { resource: "configmaps", namespace };
        if (kind === "put") put(store, name, `${key} ${index}`, of);
        else if (store.get(of, name) !== undefined) remove(store, name, of);
        snapshots.push({ revision: store.revision, content: content() });
      });
      const start = snapshots[from % snapshots.length]!;
      const listed = store.list(scope, { revision: start.revision }).objects;
      assert.deepEqual(listed, [...start.content.values()]);
      const replayed = new Map(listed.map((object) => [object.metadata["resourceVersion"], object]));
      for (const { type, object, before } of changesFrom(store, start.revision, scope)) {
        assert.equal(replayed.delete(before?.metadata["resourceVersion"] ?? "none"), type !== "ADDED");
        if (type !== "DELETED") replayed.set(object.metadata["resourceVersion"], object);
      }
      const byVersion = (a: ApiObject, b: ApiObject) =>
        Number(a.metadata["resourceVersion"]) - Number(b.metadata["resourceVersion"]);
      assert.deepEqual([...replayed.values()].sort(byVersion), [...store.list(scope).objects].sort(byVersion));
    }),
    { numRuns: 150 },
  );
});
