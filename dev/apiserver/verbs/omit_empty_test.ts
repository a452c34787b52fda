import assert from "node:assert/strict";
import type { JsonObject } from "../object.ts";
import { omitEmpty } from "./omit_empty.ts";
import type { Schema } from "../schema/schema.ts";

const TEXTS: Schema = { type: "object", additionalProperties: { type: "string" } };
const SCHEMA: Schema = {
  type: "object",
  properties: {
    data: TEXTS,
    list: { type: "array", items: { type: "object", properties: { labels: TEXTS } } },
    structure: { type: "object", properties: { labels: TEXTS, more: { type: "array" } } },
    text: { type: "string" },
  },
};

/** As kube-apiserver 1.35 was seen to write them. */
const CASES: [name: string, value: JsonObject, wanted: JsonObject][] = [
  ["empty and absent collections", { data: {}, list: [] }, {}],
  ["null for a collection", { data: null, list: null }, {}],
  ["null in a map of texts", { data: { a: null } }, { data: { a: "" } }],
  ["an empty text", { text: "" }, { text: "" }],
  ["an empty structure", { structure: {} }, { structure: {} }],
  ["what is in a structure", { structure: { labels: {}, more: [] } }, { structure: {} }],
  ["what is in a list", { list: [{ labels: {} }, {}] }, { list: [{}, {}] }],
  ["what the schema does not know", { other: {} }, { other: {} }],
];

for (const [name, value, wanted] of CASES) {
  Deno.test(`omitEmpty() does with ${name} what Go's omitempty does`, () => {
    const object = structuredClone(value);
    omitEmpty(object, SCHEMA);
    assert.deepEqual(object, wanted);
  });
}
