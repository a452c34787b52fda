import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import golden from "../../../tests/golden/kube-validation/schema.json" with { type: "json" };
import { builtInKinds } from "../kinds/built_in.ts";
import { kindsOfCrd } from "../kinds/crd.ts";
import { decodeProblem } from "./go_decode.ts";
import { defaultKind } from "../kinds/default_kind.ts";
import { validateKind } from "../kinds/validate_kind.ts";
import { validateMetadata } from "./metadata_validate.ts";
import type { ApiObject, Json, JsonObject } from "../object.ts";
import type { Schema } from "./schema.ts";
import { applyDefaults } from "./schema_default.ts";
import { prune } from "./schema_prune.ts";
import { validate } from "./schema_validate.ts";

const [probe] = kindsOfCrd(golden.crd as unknown as JsonObject);
const anything = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>;

/** Values that are often, and not always, what a schema says. */
function valueOf(schema: Schema, depth = 0): fc.Arbitrary<Json> {
  const { type, properties, additionalProperties, items, enum: allowed } = schema;
  const own: fc.Arbitrary<Json>[] = [];
  if (allowed !== undefined) own.push(fc.constantFrom(...allowed));
  if (type === "string") own.push(fc.string({ maxLength: 5 }));
  if (type === "integer" || type === "number") own.push(fc.integer({ min: -5, max: 9 }), fc.double({ noNaN: true }));
  if (type === "boolean") own.push(fc.boolean());
  if (type === "array" && items !== undefined) own.push(fc.array(valueOf(items, depth + 1), { maxLength: 3 }));
  if (properties !== undefined && depth < 5) {
    const fields = Object.entries(properties).map(([name, of]) => [name, valueOf(of, depth + 1)]);
    const record = fc.record(Object.fromEntries(fields), { requiredKeys: [] }) as fc.Arbitrary<JsonObject>;
    own.push(
      fc.tuple(record, fc.dictionary(fc.constantFrom("foo", "bar"), anything)).map(([a, b]) => ({ ...b, ...a })),
    );
  }
  if (typeof additionalProperties === "object") {
    own.push(fc.dictionary(fc.string({ maxLength: 3 }), valueOf(additionalProperties, depth + 1), { maxKeys: 3 }));
  }
  return fc.oneof({ weight: 1, arbitrary: anything }, ...own.map((arbitrary) => ({ weight: 6, arbitrary })));
}

Deno.test("Custom Resources, pruning and defaulting: what has been pruned, defaulted and checked stays so", () => {
  const { schema } = probe!;
  fc.assert(
    fc.property(valueOf(schema.properties!["spec"]!), (value) => {
      const spec = structuredClone(value);
      const object: JsonObject = { apiVersion: "test.example.com/v1", kind: "Probe", metadata: { name: "a" }, spec };
      prune(object, schema);
      applyDefaults(object, schema);
      const errors = validate(object, schema);
      const before = structuredClone(object);
      deepStrictEqual(prune(object, schema), []);
      applyDefaults(object, schema);
      deepStrictEqual(object, before);
      deepStrictEqual(validate(object, schema), errors);
    }),
    { numRuns: 200 },
  );
});

for (const kind of builtInKinds()) {
  Deno.test(`${kind.kind}: objects of any shape are refused or kept, and defaults are set once`, () => {
    fc.assert(
      fc.property(valueOf(kind.schema), (value) => {
        const fields = typeof value === "object" && !Array.isArray(value) ? structuredClone(value) : {};
        const metadata = { name: "a", namespace: "default" };
        const object = { ...fields, apiVersion: "v1", kind: kind.kind, metadata } as ApiObject;
        if (decodeProblem(kind, object) !== undefined) return;
        prune(object, kind.schema);
        applyDefaults(object, kind.schema);
        defaultKind(kind, object);
        const errors = [...validateMetadata(kind, object), ...validateKind(kind, object)];
        const before = structuredClone(object);
        applyDefaults(object, kind.schema);
        defaultKind(kind, object);
        deepStrictEqual(object, before);
        deepStrictEqual([...validateMetadata(kind, object), ...validateKind(kind, object)], errors);
      }),
      { numRuns: 40 },
    );
  });
}
