/** Whole objects within an object: they need a kind, and their metadata is that of any object. */
import { invalidValue, requiredValue } from "./field_error.ts";
import { metadataErrors } from "./metadata_validate.ts";
import { isJsonObject, type Json, type JsonObject } from "../object.ts";
import { serviceNameProblems } from "./object_names.ts";
import type { Schema } from "./schema.ts";
import { fieldSchema } from "./schema_default.ts";
import type { FieldError } from "../status_error.ts";

function identityErrors({ apiVersion, kind }: JsonObject, path: string): FieldError[] {
  return Object.entries({ apiVersion, kind }).flatMap(([field, value]) => {
    const where = `${path}.${field}`;
    if (value === undefined) return [requiredValue(where)];
    if (typeof value !== "string") return [invalidValue(where, value, "must be a string")];
    if (value === "") return [invalidValue(where, "", "must not be empty")];
    if (field === "kind") {
      const problems = serviceNameProblems(value.toLowerCase()).join(",");
      const detail = `may have mixed case, but should otherwise match: ${problems}`;
      return problems === "" ? [] : [invalidValue(where, value, detail)];
    }
    const isVersion = value.split("/").length <= 2;
    return isVersion ? [] : [invalidValue(where, value, `unexpected GroupVersion string: ${value}`)];
  });
}

/** What is wrong with the objects within a value. */
export function embeddedErrors(value: Json, schema: Schema, path: string): FieldError[] {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? [] : value.flatMap((item, index) => embeddedErrors(item, items, `${path}[${index}]`));
  }
  if (!isJsonObject(value)) return [];
  const isObject = schema["x-kubernetes-embedded-resource"] === true;
  const errors = isObject ? identityErrors(value, path) : [];
  if (isObject && isJsonObject(value.metadata)) errors.push(...metadataErrors(value.metadata, `${path}.metadata`));
  for (const [field, inner] of Object.entries(value)) {
    const known = fieldSchema(schema, field);
    if (known === undefined) continue;
    const own = Object.hasOwn(schema.properties ?? {}, field);
    errors.push(...embeddedErrors(inner, known, own ? `${path}.${field}`.replace(/^\./, "") : `${path}[${field}]`));
  }
  return errors;
}
