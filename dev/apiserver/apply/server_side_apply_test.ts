import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import type { Kind } from "../kind.ts";
import type { ApiObject, JsonObject } from "../object.ts";
import { StatusError } from "../status_error.ts";
import { type FieldSet, paths, union } from "./field_set.ts";
import { fieldsOf } from "./fields.ts";
import { storedOwners } from "./owners.ts";
import { serverSideApply } from "./server_side_apply.ts";
import { shapeOf } from "./shape.ts";
import { trackUpdate } from "./track_update.ts";

const text = { type: "string" };
/** One of each way in which appliers share. */
const kind: Kind = {
  group: "example.com",
  version: "v1",
  kind: "Thing",
  plural: "things",
  singular: "thing",
  shortNames: [],
  categories: [],
  namespaced: false,
  status: true,
  builtIn: false,
  columns: [],
  schema: {
    type: "object",
    properties: {
      spec: {
        type: "object",
        properties: {
          value: text,
          map: { type: "object", additionalProperties: text },
          whole: { type: "object", additionalProperties: text, "x-kubernetes-map-type": "atomic" },
          list: { type: "array", items: text },
          set: { type: "array", items: text, "x-kubernetes-list-type": "set" },
          items: {
            type: "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            items: { type: "object", properties: { name: text, value: text, more: text } },
          },
        },
      },
      status: { type: "object", properties: { phase: text } },
    },
  },
};

const TIME = "2026-11-23T08:00:00Z";
const thing = (rest: JsonObject): ApiObject => ({
  apiVersion: "example.com/v1",
  kind: "Thing",
  metadata: { name: "a" },
  ...rest,
});
function apply(live: ApiObject | undefined, manager: string, rest: JsonObject, force = true, time = TIME): ApiObject {
  return serverSideApply({ kind, live, config: thing(rest), manager, force, subresource: "", time });
}

const word = fc.constantFrom("a", "b", "c");
const words = fc.dictionary(word, word, { minKeys: 1, maxKeys: 2, noNullPrototype: true }) as fc.Arbitrary<JsonObject>;
const item = fc.record({ name: word, value: word, more: word }, { requiredKeys: ["name"], noNullPrototype: true });
const spec = fc.record({
  value: word,
  map: words,
  whole: words,
  list: fc.array(word, { maxLength: 2 }),
  set: fc.uniqueArray(word, { minLength: 1, maxLength: 3 }),
  items: fc.uniqueArray(item, { selector: ({ name }) => name, minLength: 1, maxLength: 3 }),
}, { requiredKeys: [], noNullPrototype: true }) as fc.Arbitrary<JsonObject>;
const manager = fc.constantFrom("one", "two", "three");
const config = fc.oneof({ weight: 4, arbitrary: spec.map((spec): JsonObject => ({ spec })) }, {
  weight: 1,
  arbitrary: fc.constant<JsonObject>({}),
});

const shape = shapeOf(kind);
const SERVERS_OWN = /^f:(apiVersion|kind|metadata)( |$)/;
const named = (set: FieldSet) =>
  new Set(paths(set).map((path) => path.join(" ")).filter((path) => !SERVERS_OWN.test(path)));
const ownedBy = (object: ApiObject, who?: string) =>
  named(
    [...storedOwners(object).values()].filter((owner) => who === undefined || owner.manager === who)
      .reduce((sum: FieldSet, { set }) => union(sum, set), {}),
  );
const has = (object: ApiObject) => named(fieldsOf(shape, object as JsonObject));
/** Without fields that only hold others, which the object has as long as they do. */
const leaves = (set: ReadonlySet<string>) =>
  new Set([...set].filter((path) => ![...set].some((other) => other.startsWith(`${path} `))));

Deno.test("serverSideApply(): an applier owns exactly what it applied", () => {
  fc.assert(fc.property(fc.array(fc.tuple(manager, config), { minLength: 1, maxLength: 6 }), (steps) => {
    let live: ApiObject | undefined;
    for (const [who, rest] of steps) {
      const before = JSON.stringify([live, rest]);
      const result = apply(live, who, rest);
      equal(JSON.stringify([live, rest]), before);
      deepEqual(ownedBy(result, who), has(thing(rest)));
      live = result;
    }
  }));
});

Deno.test("serverSideApply(): where all apply, the object has what somebody owns, and nothing else", () => {
  fc.assert(fc.property(fc.array(fc.tuple(manager, config), { minLength: 1, maxLength: 6 }), (steps) => {
    let live: ApiObject | undefined;
    for (const [who, rest] of steps) {
      live = apply(live, who, rest);
      deepEqual(leaves(has(live)), leaves(ownedBy(live)));
    }
  }));
});

Deno.test("serverSideApply(): who applies nothing loses all, and what only it owned goes", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(manager, config), { minLength: 1, maxLength: 6 }), manager, (steps, leaver) => {
      let live: ApiObject | undefined;
      for (const [who, rest] of steps) live = apply(live, who, rest);
      const others = ownedBy({
        ...live!,
        metadata: {
          ...live!.metadata,
          managedFields: (live!.metadata.managedFields as JsonObject[] ?? []).filter((entry) =>
            entry.manager !== leaver
          ),
        },
      });
      const left = apply(live, leaver, {});
      deepEqual(leaves(has(left)), leaves(others));
      equal(ownedBy(left, leaver).size, 0);
    }),
  );
});

Deno.test("serverSideApply(): without force nothing that others own is changed, whatever they wrote by", () => {
  const step = fc.tuple(fc.constantFrom("apply", "update"), manager, config);
  fc.assert(fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), manager, config, (steps, who, rest) => {
    let live: ApiObject | undefined;
    for (const [verb, who, rest] of steps) {
      live = verb === "apply" || live === undefined ? apply(live, who, rest) : trackUpdate({
        kind,
        before: live,
        after: { ...thing(rest), metadata: live.metadata },
        manager: who,
        subresource: "",
        time: TIME,
      });
    }
    const forced = apply(live, who, rest);
    const isLost = (path: string, by: string) => !ownedBy(forced, by).has(path) && has(forced).has(path);
    const others = [...storedOwners(live).values()].filter(({ manager, operation }) =>
      manager !== who || operation !== "Apply"
    );
    const conflicts = others.filter(({ manager, set }) => [...named(set)].some((path) => isLost(path, manager)));
    try {
      deepEqual(apply(live, who, rest, false), forced);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      equal(error.code, 409);
      return;
    }
    deepEqual(conflicts, []);
  }));
});

Deno.test("serverSideApply(): an apply that changes nothing gives the very object, its time included", () => {
  const live = apply(undefined, "one", { spec: { value: "a", map: { a: "b" } } });
  equal(apply(live, "one", { spec: { map: { a: "b" }, value: "a" } }, true, "2026-11-23T09:00:00Z"), live);
});

Deno.test("serverSideApply(): an apply that only changes who owns keeps the applier's time, if it has one", () => {
  const one = apply(undefined, "one", { spec: { value: "a", map: { a: "b" } } });
  const two = apply(one, "two", { spec: { value: "a" } }, false, "2026-11-23T09:00:00Z");
  deepEqual((two.metadata.managedFields as JsonObject[]).map(({ manager, time }) => [manager, time]), [
    ["two", undefined],
    ["one", TIME],
  ]);
  const less = apply(two, "one", { spec: { map: { a: "b" } } }, false, "2026-11-23T09:00:00Z");
  equal((less.metadata.managedFields as JsonObject[])[1]!["time"], TIME);
});

Deno.test("serverSideApply(): status belongs to the status subresource, spec to the rest", () => {
  const live = apply(undefined, "one", { spec: { value: "a" }, status: { phase: "no" } });
  equal(live["status"], undefined);
  const config = thing({ spec: { value: "no" }, status: { phase: "yes" } });
  const next = serverSideApply({ kind, live, config, manager: "one", force: false, subresource: "status", time: TIME });
  deepEqual([next["spec"], next["status"]], [{ value: "a" }, { phase: "yes" }]);
  deepEqual((next.metadata.managedFields as JsonObject[]).map(({ subresource, fieldsV1 }) => [subresource, fieldsV1]), [
    [undefined, { "f:spec": { "f:value": {} } }],
    ["status", { "f:status": { "f:phase": {} } }],
  ]);
});

Deno.test("serverSideApply(): elements come in the applier's order, those of others before what they stood before", () => {
  const items = (...names: string[]) => ({ spec: { items: names.map((name) => ({ name })) } });
  const order = (object: ApiObject) =>
    ((object["spec"] as JsonObject)["items"] as JsonObject[]).map(({ name }) => name);
  const live = apply(undefined, "one", items("b", "d", "f"));
  deepEqual(order(apply(live, "two", items("a", "d", "c"))), ["b", "a", "d", "f", "c"]);
  deepEqual(order(apply(live, "two", items("f", "b"))), ["d", "f", "b"]);
});

Deno.test("serverSideApply(): configurations that are refused name what is wrong", () => {
  throws(() => apply(undefined, "one", { kind: "Other" }), {
    code: 400,
    message: "invalid object type: example.com/v1, Kind=Other",
  });
  throws(() => apply(undefined, "one", { spec: { list: [1], items: [{ value: "a" }] } }), {
    code: 500,
    message: "failed to create typed patch object (/a; example.com/v1, Kind=Thing): errors:\n" +
      "  .spec.list[0]: expected string, got &value.valueUnstructured{Value:1}\n" +
      '  .spec.items: element 0: associative list with keys has an element that omits all key fields ["name"] ' +
      "(and doesn't have default values for any key fields)",
  });
});
