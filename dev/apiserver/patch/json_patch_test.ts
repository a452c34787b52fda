import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import type { Json, JsonObject } from "../object.ts";
import { jsonPatch } from "./json_patch.ts";

/** RFC 6902 Appendix A; where there is no result, the patch is refused. */
const APPENDIX_A: readonly [name: string, object: JsonObject, patch: Json, result?: JsonObject][] = [
  ["A.1", { foo: "bar" }, [{ op: "add", path: "/baz", value: "qux" }], { baz: "qux", foo: "bar" }],
  ["A.2", { foo: ["bar", "baz"] }, [{ op: "add", path: "/foo/1", value: "qux" }], { foo: ["bar", "qux", "baz"] }],
  ["A.3", { baz: "qux", foo: "bar" }, [{ op: "remove", path: "/baz" }], { foo: "bar" }],
  ["A.4", { foo: ["bar", "qux", "baz"] }, [{ op: "remove", path: "/foo/1" }], { foo: ["bar", "baz"] }],
  ["A.5", { baz: "qux", foo: "bar" }, [{ op: "replace", path: "/baz", value: "boo" }], { baz: "boo", foo: "bar" }],
  ["A.6", { foo: { bar: "baz", waldo: "fred" }, qux: { corge: "grault" } }, [
    { op: "move", from: "/foo/waldo", path: "/qux/thud" },
  ], { foo: { bar: "baz" }, qux: { corge: "grault", thud: "fred" } }],
  ["A.7", { foo: ["all", "grass", "cows", "eat"] }, [{ op: "move", from: "/foo/1", path: "/foo/3" }], {
    foo: ["all", "cows", "eat", "grass"],
  }],
  ["A.8", { baz: "qux", foo: ["a", 2, "c"] }, [
    { op: "test", path: "/baz", value: "qux" },
    { op: "test", path: "/foo/1", value: 2 },
  ], { baz: "qux", foo: ["a", 2, "c"] }],
  ["A.9", { baz: "qux" }, [{ op: "test", path: "/baz", value: "bar" }]],
  ["A.10", { foo: "bar" }, [{ op: "add", path: "/child", value: { grandchild: {} } }], {
    foo: "bar",
    child: { grandchild: {} },
  }],
  ["A.11", { foo: "bar" }, [{ op: "add", path: "/baz", value: "qux", xyz: 123 }], { foo: "bar", baz: "qux" }],
  ["A.12", { foo: "bar" }, [{ op: "add", path: "/baz/bat", value: "qux" }]],
  ["A.14", { "/": 9, "~1": 10 }, [{ op: "test", path: "/~01", value: 10 }], { "/": 9, "~1": 10 }],
  ["A.15", { "/": 9, "~1": 10 }, [{ op: "test", path: "/~01", value: "10" }]],
  ["A.16", { foo: ["bar"] }, [{ op: "add", path: "/foo/-", value: ["abc", "def"] }], { foo: ["bar", ["abc", "def"]] }],
];

const REFUSED = { code: 422, message: "the server rejected our request due to an error in our request" };

for (const [name, object, patch, result] of APPENDIX_A) {
  Deno.test(`jsonPatch() as RFC 6902 ${name}`, () => {
    if (result === undefined) throws(() => jsonPatch(object, patch), REFUSED);
    else deepEqual(jsonPatch(object, patch), result);
  });
}

Deno.test("jsonPatch() takes 10,000 operations and no more, as kube-apiserver", () => {
  const patch = Array<Json>(10_000).fill({ op: "test", path: "/a", value: 1 });
  deepEqual(jsonPatch({ a: 1 }, patch), { a: 1 });
  throws(() => jsonPatch({ a: 1 }, [...patch, {}]), {
    code: 413,
    message: "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001",
  });
});

Deno.test("jsonPatch() refuses copies that would double an object without end", () => {
  const patch = Array<Json>(100).fill({ op: "copy", from: "/a", path: "/a/-" });
  throws(() => jsonPatch({ a: ["x".repeat(100)] }, patch), REFUSED);
});

Deno.test("jsonPatch() refuses an object nested so deeply that recursion would end the program", () => {
  const deep = JSON.parse(`${`{"a":`.repeat(400)}{}${"}".repeat(400)}`);
  // Each pair of moves hangs what there is 400 levels below something new.
  const nest = Array.from({ length: 50 }, (): Json[] => [
    { op: "add", path: "/new", value: deep },
    { op: "move", from: "/old", path: `/new${"/a".repeat(401)}` },
    { op: "move", from: "/new", path: "/old" },
  ]).flat();
  const start = [{ op: "add", path: "/old", value: {} }, ...nest];
  const tooDeep = { code: 400, message: "exceeded max depth" };
  throws(() => jsonPatch({}, start), tooDeep);
  throws(() => jsonPatch({}, [...start, { op: "test", path: "/old", value: {} }]), tooDeep);
  throws(() => jsonPatch({}, [...start, { op: "copy", from: "/old", path: "/b" }]), tooDeep);
});

Deno.test("jsonPatch() takes __proto__ for a field like any other", () => {
  const result = jsonPatch({ a: {} }, [
    { op: "add", path: "/__proto__", value: { bad: 1 } },
    { op: "add", path: "/a/__proto__", value: { bad: 2 } },
  ]);
  equal(JSON.stringify(result), `{"a":{"__proto__":{"bad":2}},"__proto__":{"bad":1}}`);
  throws(() => jsonPatch({}, [{ op: "add", path: "/__proto__/bad", value: 1 }]), REFUSED);
  throws(() => jsonPatch({}, [{ op: "add", path: "/constructor/prototype/bad", value: 1 }]), REFUSED);
  equal(({} as JsonObject)["bad"], undefined);
});

const key = fc.constantFrom("a", "b", "c/d", "e~f", "");
const { object } = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<Json>(true, 1, "x"),
    fc.array(tie("value"), { maxLength: 3 }),
    tie("object"),
  ),
  object: fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }) as fc.Arbitrary<JsonObject>,
}));

/** Every place of an object: its JSON pointer (RFC 6901 section 3) and what is there. */
function places(value: Json, pointer = ""): [pointer: string, value: Json][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const path = `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    return [[path, inner] as [string, Json], ...places(inner, path)];
  });
}

Deno.test("jsonPatch(): RFC 6901 pointers find every place; RFC 6902: move is remove and add, add undoes remove", () => {
  fc.assert(fc.property(object, fc.nat(), (target, pick) => {
    const all = places(target);
    deepEqual(jsonPatch(target, all.map(([path, value]) => ({ op: "test", path, value }))), target);
    const [from, value] = all[pick % (all.length || 1)] ?? [];
    if (from === undefined) return;
    const before = JSON.stringify(target);
    const removed = jsonPatch(target, [{ op: "remove", path: from }]);
    equal(JSON.stringify(target), before);
    deepEqual(jsonPatch(removed, [{ op: "add", path: from, value: value! }]), target);
    deepEqual(
      jsonPatch(target, [{ op: "move", from, path: "/new" }]),
      jsonPatch(target, [{ op: "remove", path: from }, { op: "add", path: "/new", value: value! }]),
    );
    deepEqual(
      jsonPatch(target, [{ op: "copy", from, path: "/new" }]),
      jsonPatch(target, [{ op: "add", path: "/new", value: value! }]),
    );
    deepEqual(
      jsonPatch(target, [{ op: "replace", path: from, value: "y" }]),
      jsonPatch(target, [{ op: "remove", path: from }, { op: "add", path: from, value: "y" }]),
    );
  }));
});
