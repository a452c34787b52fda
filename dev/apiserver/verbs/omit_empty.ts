/** What Go's types do to an object that they read and write again: empty lists and maps are not written, null in a map is the empty text. */
import { isJsonObject, type Json, type JsonObject } from "../object.ts";
import type { Schema } from "../schema/schema.ts";
import { fieldSchema } from "../schema/schema_default.ts";

/** Lists and maps, and not the structures, which say something by being there: `emptyDir: {}`. */
function isCollection({ type, additionalProperties }: Schema): boolean {
  return type === "array" || type === "object" && additionalProperties !== undefined;
}

function isEmpty(value: Json): boolean {
  return value === null || typeof value === "object" && Object.keys(value).length === 0;
}

function omitWithin(value: Json, schema: Schema): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items !== undefined) { for (const item of value) omitWithin(item, items); }
  } else if (isJsonObject(value)) omitEmpty(value, schema);
}

/** Removes empty lists and maps from an object of a built-in kind, or from metadata; in place. */
export function omitEmpty(value: JsonObject, schema: Schema): void {
  const isTexts = typeof schema.additionalProperties === "object" && schema.additionalProperties.type === "string";
  for (const [field, inner] of Object.entries(value)) {
    const known = fieldSchema(schema, field);
    if (known === undefined) continue;
    if (isTexts && inner === null) value[field] = "";
    else if (isCollection(known) && isEmpty(inner)) delete value[field];
    else omitWithin(inner, known);
  }
}
