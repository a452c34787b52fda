/** Lists that are sets or maps hold nothing twice. */
import { duplicate, invalidValue } from "./field_error.ts";
import { isJsonObject, type Json, type JsonObject } from "../object.ts";
import type { Schema } from "./schema.ts";
import { fieldSchema } from "./schema_default.ts";
import type { FieldError } from "../status_error.ts";

function keyOf(item: Json, keys: readonly string[]): JsonObject {
  if (!isJsonObject(item)) return {};
  return Object.fromEntries(keys.filter((key) => Object.hasOwn(item, key)).map((key) => [key, item[key]!]));
}

/** Elements that are there twice, each named once: of a set the whole element, of a map its keys. */
function duplicateErrors(list: readonly Json[], schema: Schema, path: string): FieldError[] {
  const isMap = schema["x-kubernetes-list-type"] === "map";
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const misfit = isMap ? list.findIndex((item) => item !== null && !isJsonObject(item)) : -1;
  if (misfit >= 0) {
    const detail = "must be an object for an array of list-type map";
    return [invalidValue(`${path}[${misfit}]`, list[misfit]!, detail)];
  }
  const seen = new Map<string, number>();
  return list.flatMap((item, index) => {
    const key = isMap ? keyOf(item, keys) : item;
    const text = JSON.stringify(key);
    const times = seen.get(text) ?? 0;
    seen.set(text, times + 1);
    return times === 1 ? [duplicate(`${path}[${index}]`, key)] : [];
  });
}

/** What is there twice in the lists of a value. */
export function listTypeErrors(value: Json, schema: Schema, path: string): FieldError[] {
  if (isJsonObject(value)) {
    return Object.entries(value).flatMap(([name, inner]) => {
      const known = fieldSchema(schema, name);
      if (known === undefined) return [];
      const own = Object.hasOwn(schema.properties ?? {}, name);
      return listTypeErrors(inner, known, own ? `${path}.${name}`.replace(/^\./, "") : `${path}[${name}]`);
    });
  }
  if (!Array.isArray(value)) return [];
  const type = schema["x-kubernetes-list-type"];
  const errors = type === "set" || type === "map" ? duplicateErrors(value, schema, path) : [];
  const { items } = schema;
  if (items === undefined) return errors;
  return [...errors, ...value.flatMap((item, index) => listTypeErrors(item, items, `${path}[${index}]`))];
}
