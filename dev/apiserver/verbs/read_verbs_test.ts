import assert from "node:assert/strict";
import { writeContinue } from "./continue_token.ts";
import type { ApiObject, JsonObject } from "../object.ts";
import { VerbsRig } from "./verbs_rig.ts";

interface List {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items: readonly ApiObject[];
}

const list = (rig: VerbsRig, kind: string, query = "", namespace: JsonObject = {}) =>
  rig.call("list", kind, { query, ...namespace }).body as unknown as List;
const names = ({ items }: List) => items.map(({ metadata: { name } }) => name);

function withWidgets(): VerbsRig {
  const rig = new VerbsRig();
  for (const name of ["a", "b", "c", "d", "e"]) rig.widget(name, { labels: { vowel: String("ae".includes(name)) } });
  return rig;
}

Deno.test("list() gives a list of the kind, items of custom kinds with their type and of built-in kinds without", () => {
  using rig = withWidgets();
  const { kind, apiVersion } = rig.call("list", "Widget").body;
  assert.deepEqual([kind, apiVersion], ["WidgetList", "example.com/v1"]);
  assert.equal(list(rig, "Widget").items[0]?.kind, "Widget");
  assert.equal(list(rig, "Widget").metadata.continue, "");
  const namespaces = list(rig, "Namespace");
  assert.deepEqual(names(namespaces), ["default", "other"]);
  assert.deepEqual(Object.keys(namespaces.items[0]!), ["metadata", "spec", "status"]);
  assert.deepEqual(namespaces.metadata, { resourceVersion: String(rig.store.revision) });
});

Deno.test("list() pages, with what remains (Kubernetes API concepts, Retrieving large results sets in chunks)", () => {
  using rig = withWidgets();
  const first = list(rig, "Widget", "limit=2");
  assert.deepEqual([names(first), first.metadata.remainingItemCount], [["a", "b"], 3]);
  rig.widget("bb");
  rig.call("delete", "Widget", { name: "d" });
  const second = list(rig, "Widget", `limit=2&continue=${first.metadata.continue}`);
  assert.deepEqual([names(second), second.metadata.remainingItemCount], [["c", "d"], 1]);
  assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
  const third = list(rig, "Widget", `limit=2&continue=${second.metadata.continue}`);
  assert.deepEqual([names(third), third.metadata.continue], [["e"], ""]);
});

Deno.test("list() fills pages with what the selectors mean, and does not say what remains", () => {
  using rig = withWidgets();
  const first = list(rig, "Widget", "limit=1&labelSelector=vowel%3Dtrue");
  assert.deepEqual([names(first), first.metadata.remainingItemCount], [["a"], undefined]);
  const second = list(rig, "Widget", `limit=1&labelSelector=vowel%3Dtrue&continue=${first.metadata.continue}`);
  assert.deepEqual([names(second), second.metadata.continue], [["e"], ""]);
  assert.deepEqual(names(list(rig, "Widget", "limit=9&labelSelector=vowel%3Dtrue")), ["a", "e"]);
  assert.deepEqual(names(list(rig, "Widget", "fieldSelector=metadata.name%3Dc")), ["c"]);
});

Deno.test("list() of a namespace, and of all", () => {
  using rig = new VerbsRig();
  for (const namespace of ["default", "other"]) {
    for (const name of ["x", "y"]) rig.call("create", "ConfigMap", { namespace, body: { metadata: { name } } });
  }
  assert.deepEqual(names(list(rig, "ConfigMap")), ["x", "y"]);
  assert.deepEqual(names(list(rig, "ConfigMap", "", { namespace: undefined as never })), ["x", "y", "x", "y"]);
  const page = list(rig, "ConfigMap", "limit=1");
  assert.deepEqual(names(list(rig, "ConfigMap", `limit=1&continue=${page.metadata.continue}`)), ["y"]);
});

Deno.test("list() at a resourceVersion (Kubernetes API concepts, Resource versions)", () => {
  using rig = withWidgets();
  const { revision } = rig.store;
  rig.widget("f");
  const of = (query: string) => names(list(rig, "Widget", query)).length;
  assert.equal(of(""), 6);
  assert.equal(of("resourceVersion=0"), 6);
  assert.equal(of("resourceVersion=0&limit=2"), 6);
  assert.equal(of(`resourceVersion=${revision}`), 6);
  assert.equal(of(`resourceVersion=${revision}&resourceVersionMatch=NotOlderThan`), 6);
  assert.equal(of(`resourceVersion=${revision}&resourceVersionMatch=Exact`), 5);
  // A limit without a match means exactly that revision.
  assert.equal(of(`resourceVersion=${revision}&limit=100`), 5);
  assert.equal(of(`resourceVersion=${revision}&limit=100&resourceVersionMatch=NotOlderThan`), 6);
});

Deno.test("a revision yet to come is refused, of lists and of objects", () => {
  using rig = withWidgets();
  const { revision } = rig.store;
  const wanted = `504 Timeout: Too large resource version: 9999, current: ${revision}`;
  assert.equal(rig.refusal("list", "Widget", { query: "resourceVersion=9999" }), wanted);
  assert.equal(rig.refusal("get", "Widget", { name: "a", query: "resourceVersion=9999" }), wanted);
  assert.equal(rig.refusal("get", "Widget", { name: "a", query: `resourceVersion=${revision}` }), "done");
  const token = writeContinue({ revision: 9999, after: "/a" }, undefined);
  assert.equal(rig.refusal("list", "Widget", { query: `continue=${token}` }), wanted);
});

Deno.test("a forgotten revision is refused (410), with a token to go on at another one", () => {
  using rig = withWidgets();
  const token = list(rig, "Widget", "limit=2").metadata.continue;
  const { revision } = rig.store;
  rig.widget("f");
  rig.clock.advance(3_600_000);
  for (let i = 0; i < 300; i++) rig.merge("Widget", "a", { metadata: { labels: { i: String(i) } } });
  const exact = `resourceVersion=${revision}&resourceVersionMatch=Exact`;
  assert.equal(
    rig.refusal("list", "Widget", { query: exact }),
    "410 The resourceVersion for the provided list is too old.",
  );
  let next = "";
  try {
    list(rig, "Widget", `limit=2&continue=${token}`);
  } catch (error) {
    const { code, metadata } = (error as { status: { code: number; metadata: { continue: string } } }).status;
    assert.equal(code, 410);
    next = metadata.continue;
  }
  assert.deepEqual(names(list(rig, "Widget", `limit=2&continue=${next}`)), ["c", "d"]);
});

Deno.test("get() gives what is there, or 404", () => {
  using rig = withWidgets();
  assert.equal(rig.object("get", "Widget", { name: "a" }).metadata.name, "a");
  assert.equal(rig.refusal("get", "Widget", { name: "x" }), '404 widgets.example.com "x" not found');
  assert.equal(rig.refusal("get", "ConfigMap", { name: "x" }), '404 configmaps "x" not found');
});
