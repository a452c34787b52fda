/** Rules in CEL (x-kubernetes-validations): they are not evaluated, but for saying what the real server says beside other errors. */
import type { FieldError } from "../status_error.ts";
import { invalidValue } from "./field_error.ts";
import type { Schema } from "./schema.ts";

/** After errors of these kinds the real server evaluates no rule. */
const BLOCKING: ReadonlySet<string> = new Set([
  "FieldValueRequired",
  "FieldValueTypeInvalid",
  "FieldValueNotSupported",
  "FieldValueTooLong",
  "FieldValueTooMany",
]);

const UNCHECKED = invalidValue(
  "<nil>",
  null,
  "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
);

function hasRules(schema: Schema): boolean {
  if (schema["x-kubernetes-validations"] !== undefined) return true;
  const { properties = {}, items, additionalProperties } = schema;
  const inner = [...Object.values(properties), items, additionalProperties];
  return inner.some((one) => typeof one === "object" && hasRules(one));
}

/** What is added to these errors of an object of a schema. */
export function uncheckedRules(schema: Schema, errors: readonly FieldError[]): readonly FieldError[] {
  return errors.some(({ reason }) => BLOCKING.has(reason)) && hasRules(schema) ? [UNCHECKED] : [];
}
