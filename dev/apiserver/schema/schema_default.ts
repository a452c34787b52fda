/** Defaults of a structural schema (Kubernetes documentation, Custom Resources, "Defaulting"). */
import { isJsonObject, type Json, type JsonObject } from "../object.ts";
import type { Schema } from "./schema.ts";

/** The schema of a field: its own, or that of additional ones. */
export function fieldSchema(schema: Schema, field: string): Schema | undefined {
  const { properties, additionalProperties } = schema;
  if (properties !== undefined && Object.hasOwn(properties, field)) return properties[field];
  return typeof additionalProperties === "object" ? additionalProperties : undefined;
}

const isForbiddenNull = (value: Json | undefined, schema: Schema) => value === null && schema.nullable !== true;

/** Nulls that are neither allowed nor replaced by a default are as if they were absent; in lists they stay, to be refused. */
function dropNulls(value: Json, schema: Schema): void {
  if (Array.isArray(value)) {
    if (schema.items !== undefined) { for (const item of value) dropNulls(item, schema.items); }
    return;
  }
  if (!isJsonObject(value)) return;
  for (const [field, inner] of Object.entries(value)) {
    const known = fieldSchema(schema, field);
    if (known === undefined) continue;
    if (isForbiddenNull(inner, known) && known.default === undefined) delete value[field];
    else dropNulls(inner, known);
  }
}

function fill(value: Json, schema: Schema): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return;
    value.forEach((item, index) => {
      if (isForbiddenNull(item, items) && items.default !== undefined) value[index] = structuredClone(items.default);
      fill(value[index]!, items);
    });
    return;
  }
  if (!isJsonObject(value)) return;
  for (const [field, known] of Object.entries(schema.properties ?? {})) {
    if (known.default === undefined) continue;
    if (!Object.hasOwn(value, field) || isForbiddenNull(value[field], known)) {
      value[field] = structuredClone(known.default);
    }
  }
  for (const field of Object.keys(value)) {
    const known = fieldSchema(schema, field);
    if (known === undefined) continue;
    if (isForbiddenNull(value[field], known) && known.default !== undefined) {
      value[field] = structuredClone(known.default);
    }
    fill(value[field]!, known);
  }
}

/** Sets what is absent to its default, and removes nulls where null is no value; in place. */
export function applyDefaults(value: JsonObject, schema: Schema): void {
  dropNulls(value, schema);
  fill(value, schema);
}
