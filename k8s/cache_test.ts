import assert from "node:assert/strict";
import fc from "fast-check";
import { MemoryLogger } from "../base/log.ts";
import { type Change, ObjectCache, withoutManagedFields } from "./cache.ts";
import { ApiError } from "./errors.ts";
import { type KubeObject, objectKey, parseKey, resourceName, resourcePath } from "./object.ts";

interface Widget extends KubeObject {
  tags: string[];
}

const widget = (name: string, resourceVersion: string, ...tags: string[]): Widget => ({
  metadata: { name, resourceVersion, managedFields: [{ large: true }] },
  tags,
});

function newCache() {
  const log = new MemoryLogger();
  const cache = new ObjectCache<Widget>({ transform: withoutManagedFields, indexes: { tag: (w) => w.tags }, log });
  const changes: string[] = [];
  cache.onChange((change: Change<Widget>) => changes.push(`${change.kind} ${change.key}`));
  return { cache, changes, log };
}

const names = (found: Widget[]) => found.map((w) => w.metadata.name).sort();

Deno.test("ObjectCache finds objects by key and index, and keeps indexes true through changes", () => {
  const { cache, changes } = newCache();
  cache.apply({ kind: "put", object: widget("a", "1", "red", "red", "big") });
  cache.apply({ kind: "put", object: widget("b", "2", "red") });
  assert.deepEqual(names(cache.byIndex("tag", "red")), ["a", "b"]);
  cache.apply({ kind: "put", object: widget("a", "3", "blue") });
  assert.deepEqual(names(cache.byIndex("tag", "red")), ["b"]);
  assert.deepEqual(names(cache.byIndex("tag", "big")), []);
  cache.apply({ kind: "delete", object: widget("b", "4") });
  assert.deepEqual(names(cache.byIndex("tag", "red")), []);
  assert.deepEqual(cache.get("a")?.tags, ["blue"]);
  assert.equal(cache.get("a")?.metadata.managedFields, undefined);
  assert.deepEqual([cache.size, [...cache.keys()], names([...cache.values()])], [1, ["a"], ["a"]]);
  assert.deepEqual(changes, ["added a", "added b", "updated a", "deleted b"]);
});

Deno.test("ObjectCache takes for gone what a complete list does not have, and says nothing of what is the same", async () => {
  const { cache, changes } = newCache();
  cache.apply({ kind: "restart" });
  cache.apply({ kind: "put", object: widget("a", "1", "x") });
  cache.apply({ kind: "put", object: widget("b", "2", "x") });
  assert.equal(cache.isSynced, false);
  cache.apply({ kind: "complete" });
  await cache.synced;
  cache.apply({ kind: "restart" });
  cache.apply({ kind: "put", object: widget("b", "2", "x") });
  assert.equal(cache.size, 2, "a list under way takes nothing away");
  cache.apply({ kind: "complete" });
  assert.deepEqual(changes, ["added a", "added b", "deleted a"]);
  assert.deepEqual(names(cache.byIndex("tag", "x")), ["b"]);
});

Deno.test("ObjectCache: an object that breaks a transform or a handler harms no other", () => {
  const log = new MemoryLogger();
  const cache = new ObjectCache<Widget, string>({
    transform: (w) => w.tags[0]!.toUpperCase(),
    indexes: { value: (value) => [value] },
    log,
  });
  const seen: string[] = [];
  cache.onChange(() => {
    throw new Error("handler");
  });
  const end = cache.onChange((change) => seen.push(change.key));
  cache.apply({ kind: "put", object: widget("bad", "1") });
  cache.apply({ kind: "put", object: widget("good", "2", "x") });
  assert.deepEqual(seen, ["good"]);
  assert.deepEqual(cache.byIndex("value", "X"), ["X"]);
  assert.deepEqual(log.lines.map(({ fields }) => fields.object), ["bad", "good"]);
  end();
  cache.apply({ kind: "delete", object: widget("good", "2") });
  assert.deepEqual(seen, ["good"]);
});

Deno.test("ObjectCache: an index holds what a search through all objects finds, whatever happened before", () => {
  const step = fc.record({
    name: fc.constantFrom("a", "b", "c"),
    tags: fc.array(fc.constantFrom("x", "y", "z"), { maxLength: 3 }),
    kind: fc.constantFrom("put", "put", "delete", "restart", "complete" as const),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const { cache } = newCache();
      steps.forEach(({ name, tags, kind }, i) => {
        if (kind === "put" || kind === "delete") cache.apply({ kind, object: widget(name, String(i), ...tags) });
        else cache.apply({ kind });
      });
      for (const tag of ["x", "y", "z"]) {
        const wanted = [...cache.values()].filter((w) => w.tags.includes(tag));
        assert.deepEqual(names(cache.byIndex("tag", tag)), names(wanted));
      }
    }),
    { seed: 1, numRuns: 500 },
  );
});

for (
  const [resource, object, subresource, path] of [
    [{ group: "", version: "v1", plural: "nodes" }, undefined, undefined, "/api/v1/nodes"],
    [{ group: "", version: "v1", plural: "pods", namespace: "n" }, undefined, undefined, "/api/v1/namespaces/n/pods"],
    [{ group: "a.b", version: "v2", plural: "ws" }, { name: "x" }, "status", "/apis/a.b/v2/ws/x/status"],
    [
      { group: "", version: "v1", plural: "pods" },
      { namespace: "n", name: "x" },
      undefined,
      "/api/v1/namespaces/n/pods/x",
    ],
    [{ group: "", version: "v1", plural: "pods" }, { name: "../x?y" }, undefined, "/api/v1/pods/..%2Fx%3Fy"],
  ] as const
) {
  Deno.test(`resourcePath() gives ${path}`, () => assert.equal(resourcePath(resource, object, subresource), path));
}

Deno.test("resourcePath() refuses names that would lead elsewhere", () => {
  const secrets = { group: "", version: "v1", plural: "secrets" };
  for (const name of ["", ".", ".."]) {
    assert.throws(() => resourcePath(secrets, { namespace: "n", name }), /404 NotFound: ".*" is not a name/);
    assert.throws(() => resourcePath(secrets, { namespace: name, name: "x" }), ApiError);
  }
});

Deno.test("objectKey() and parseKey() are inverses; resourceName() is what people say", () => {
  for (const name of [{ name: "a" }, { namespace: "n", name: "a" }]) assert.deepEqual(parseKey(objectKey(name)), name);
  assert.equal(resourceName({ group: "a.b", version: "v1", plural: "ws" }), "ws.a.b");
  assert.equal(resourceName({ group: "", version: "v1", plural: "pods" }), "pods");
});
