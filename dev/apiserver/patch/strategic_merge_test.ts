import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { builtInKinds } from "../kinds/built_in.ts";
import type { Json, JsonObject } from "../object.ts";
import { strategicMerge } from "./strategic_merge.ts";

const { schema } = builtInKinds().find(({ kind }) => kind === "Deployment")!;
const pod = (spec: JsonObject): JsonObject => ({ spec: { template: { spec } } });
const merged = (original: JsonObject, patch: JsonObject) => strategicMerge(pod(original), pod(patch), schema);

/** What tests/golden/kube-apply does not have. */
const CASES: readonly [name: string, original: JsonObject, patch: JsonObject, result: JsonObject][] = [
  ["an init container is found by its name", { initContainers: [{ name: "a", image: "1" }] }, {
    initContainers: [{ name: "a", image: "2" }],
  }, { initContainers: [{ name: "a", image: "2" }] }],
  ["a list without a merge key is replaced", { containers: [{ name: "a", args: ["1"] }] }, {
    containers: [{ name: "a", args: ["2"] }],
  }, { containers: [{ name: "a", args: ["2"] }] }],
  ["null removes a field of an element", { containers: [{ name: "a", image: "1" }] }, {
    containers: [{ name: "a", image: null }],
  }, { containers: [{ name: "a" }] }],
  [
    "elements that only the object has keep their place",
    { containers: [{ name: "a" }, { name: "b" }, { name: "c" }] },
    {
      "$setElementOrder/containers": [{ name: "c" }, { name: "a" }],
    },
    { containers: [{ name: "b" }, { name: "c" }, { name: "a" }] },
  ],
  ["a new element has no directives in it", { containers: [] }, {
    containers: [{ name: "a", env: [{ name: "E", $patch: "delete" }], resources: { $patch: "replace" }, image: null }],
  }, { containers: [{ name: "a", env: [] }] }],
  ["a deletion of what is not there changes nothing", { volumes: [{ name: "v" }] }, {
    volumes: [{ name: "w", $patch: "delete" }],
  }, { volumes: [{ name: "v" }] }],
];

for (const [name, original, patch, result] of CASES) {
  Deno.test(`strategicMerge(): ${name}`, () => deepEqual(merged(original, patch), pod(result)));
}

Deno.test("strategicMerge() refuses what is no object, what it does not know, and what is nested too deeply", () => {
  const message = "json: cannot unmarshal array into Go value of type map[string]interface {}";
  throws(() => strategicMerge({}, [], schema), { code: 400, message });
  throws(() => strategicMerge({ spec: { no: {} } }, { spec: { no: {} } }, schema), {
    code: 500,
    message: 'unable to find api field "no"',
  });
  const deep = JSON.parse(`${`{"a":`.repeat(5000)}1${"}".repeat(5000)}`);
  throws(() => strategicMerge({}, deep, schema), { code: 400, message: "exceeded max depth" });
});

Deno.test("strategicMerge() takes __proto__ for a field like any other", () => {
  const patch = JSON.parse(`{"metadata":{"labels":{"__proto__":"x","constructor":"y"}}}`);
  const result = strategicMerge({ metadata: { labels: {} } }, patch, schema);
  equal(JSON.stringify(result), `{"metadata":{"labels":{"__proto__":"x","constructor":"y"}}}`);
  equal(Object.getPrototypeOf((result["metadata"] as JsonObject)["labels"]), Object.prototype);
});

const name = fc.constantFrom("a", "b", "c", "d");
const named = (rest: Record<string, fc.Arbitrary<Json>>) =>
  fc.uniqueArray(fc.record({ name, ...rest }, { requiredKeys: ["name"], noNullPrototype: true }), {
    selector: ({ name }) => name,
    maxLength: 4,
  }) as fc.Arbitrary<JsonObject[]>;
const env = named({ value: fc.constantFrom("1", "2") });
const spec = fc.record({ containers: named({ image: fc.constantFrom("x", "y"), env }) }, { noNullPrototype: true });
const patch = fc.tuple(spec, fc.boolean(), fc.option(name)).map(([{ containers }, isOrdered, gone]): JsonObject => ({
  containers: [
    ...containers.filter((one) => one["name"] !== gone),
    ...(gone === null ? [] : [{ name: gone, $patch: "delete" }]),
  ],
  ...(isOrdered ? { "$setElementOrder/containers": containers.map((one) => ({ name: one["name"]! })) } : {}),
}));

Deno.test("strategicMerge() changes nothing it is given, and is the same twice", () => {
  fc.assert(fc.property(spec, patch, (original, patch) => {
    const before = JSON.stringify([original, patch]);
    const once = merged(original, patch);
    equal(JSON.stringify([original, patch]), before);
    deepEqual(strategicMerge(once, pod(patch), schema), once);
  }));
});

Deno.test("strategicMerge() has each element of both lists once, but for those that are deleted", () => {
  fc.assert(fc.property(spec, patch, (original, patch) => {
    const names = (list: Json | undefined) => (list as JsonObject[]).map((one) => one["name"] as string);
    const result = (merged(original, patch) as typeof OBJECT).spec.template.spec.containers;
    const items = patch["containers"] as JsonObject[];
    const gone = items.filter((one) => one["$patch"] === "delete").map((one) => one["name"]);
    const kept = new Set([...names(original.containers), ...names(items)].filter((name) => !gone.includes(name)));
    deepEqual(names(result).sort(), [...kept].sort());
  }));
});
const OBJECT = { spec: { template: { spec: { containers: [] as JsonObject[] } } } };
