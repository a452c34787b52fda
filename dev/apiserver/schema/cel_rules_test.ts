import { deepStrictEqual } from "node:assert/strict";
import { uncheckedRules } from "./cel_rules.ts";
import { invalidValue, requiredValue } from "./field_error.ts";
import type { Schema } from "./schema.ts";

const rules: Schema = { type: "string", "x-kubernetes-validations": [{ rule: "self == 'a'" }] };
const WITH: readonly Schema[] = [
  rules,
  { type: "object", properties: { a: { type: "array", items: rules } } },
  { type: "object", additionalProperties: rules },
];

Deno.test("uncheckedRules() says once that rules were not evaluated, after errors that keep them from it", () => {
  for (const schema of WITH) {
    deepStrictEqual(uncheckedRules(schema, []), []);
    deepStrictEqual(uncheckedRules(schema, [invalidValue("a", "b", "should match")]), []);
    const said = uncheckedRules(schema, [requiredValue("a"), requiredValue("b")]);
    deepStrictEqual(said.map(({ field }) => field), ["<nil>"]);
  }
  deepStrictEqual(uncheckedRules({ type: "object", properties: { a: { type: "string" } } }, [requiredValue("a")]), []);
});
