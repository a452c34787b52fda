import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { JsonObject } from "../object.ts";
import type { Schema } from "./schema.ts";
import { validate, validateStatus } from "./schema_validate.ts";
import { duplicateFields, strictComplaints } from "./strict_fields.ts";

const schema: Schema = {
  type: "object",
  properties: {
    status: {
      type: "object",
      required: ["phase"],
      oneOf: [{ required: ["phase"] }, { required: ["gone"] }],
      properties: {
        phase: { type: "string" },
        at: { type: "string", format: "date-time" },
        list: {
          type: "array",
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["type"],
          items: { type: "object", properties: { type: { type: "string" }, reason: { type: "string", minLength: 1 } } },
        },
      },
    },
  },
};

Deno.test("status subresource: texts are as of an object of its own, fields are not (kube-apiserver v1.35.4)", () => {
  const list: JsonObject[] = [{ type: "a", reason: "" }, { type: "a" }];
  const errors = validateStatus({ spec: 1, status: { at: "yesterday", list } }, schema);
  deepStrictEqual(errors.map(({ field, message }) => `${field}: ${message}`), [
    'status: Invalid value: "": "" must validate one and only one schema (oneOf). Found none valid',
    "status.phase: Required value",
    'status.at: Invalid value: "yesterday": at in body must be of type date-time: "yesterday"',
    'status.list[0].reason: Invalid value: "": list[0].reason in body should be at least 1 chars long',
    'status.list[1]: Duplicate value: {"type":"a"}',
  ]);
  deepStrictEqual(validateStatus({ spec: 1 }, schema), []);
});

Deno.test("validate() and strictComplaints() stop counting: an answer is bounded", () => {
  const wrong = { status: { phase: "", list: Array(5000).fill(7) } };
  strictEqual(validate(wrong, schema).length < 1010, true);
  const fields = Array.from({ length: 5000 }, (_, index) => `x${index}`);
  const text = `{${fields.map((field) => `"${field}":1,"${field}":2`).join()}}`;
  strictEqual(duplicateFields(text).length, 100);
  strictEqual(strictComplaints({ builtIn: false }, text, fields).length, 200);
  strictEqual(strictComplaints({ builtIn: true }, text, fields).length, 100);
});

const TEXTS: readonly (readonly [json: string, found: readonly string[]])[] = [
  ["{}", []],
  ["[]", []],
  ['{"a":1,"a":2,"a":3}', ["a"]],
  ['{"a":{"b":[{"c":1},{"c":1,"c":2}]}}', ["a.b[1].c"]],
  ['{"a":[[1,{"b":1,"b":1}]]}', ["a[0][1].b"]],
  ['{"a":["a","a"],"b":"{\\"a\\":1,\\"a\\":2}"}', []],
  [' { "a\\"\\\\" : "x:,{}[]" , "a\\"\\\\" : null } ', ['a"\\']],
  ['{"a":"\\\\","\\u0061":-1.5e+3}', ["a"]],
];

Deno.test("duplicateFields() finds them in the text alone", () => {
  for (const [json, found] of TEXTS) deepStrictEqual(duplicateFields(json), found, json);
});
