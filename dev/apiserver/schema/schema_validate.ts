/**
 * What breaks a structural schema, in the words of the real server for CustomResourceDefinitions.
 * Rules in CEL (x-kubernetes-validations) are not evaluated: an object that breaks only those is accepted.
 *
 * @module
 */
import {
  goFloat,
  invalidValue,
  isInt64,
  notSupported,
  quoted,
  requiredValue,
  tooLong,
  tooMany,
  wrong,
} from "./field_error.ts";
import { isJsonObject, type Json, type JsonObject } from "../object.ts";
import type { Schema } from "./schema.ts";
import { fieldSchema } from "./schema_default.ts";
import { embeddedErrors } from "./schema_embedded.ts";
import { listTypeErrors } from "./schema_list_type.ts";
import { isKnownFormat, isOfFormat } from "./schema_format.ts";
import type { FieldError } from "../status_error.ts";

/** What is wrong, and how many checks were made: of alternatives the one that got furthest is reported. */
interface Result {
  readonly errors: FieldError[];
  checks: number;
}

/** More is not said of one object: whoever made thousands of mistakes has made one. */
const MAX_ERRORS = 1000;

const merge = (into: Result, from: Result): void => {
  for (const error of from.errors) add(into, error);
  into.checks += from.checks;
};
const add = (into: Result, error: FieldError): void => {
  if (into.errors.length >= MAX_ERRORS) return;
  if (!into.errors.some(({ field, message }) => field === error.field && message === error.message)) {
    into.errors.push(error);
  }
};
/** The path as it is in texts; a field of the root is `.name` there when it is missing. */
const named = (path: string) => path.startsWith(".") ? path.slice(1) : path;
/** Errors of alternatives have no field of their own. */
const NOWHERE = "<nil>";
const ofAlternatives = (path: string, detail: string) => invalidValue(NOWHERE, "", `${quoted(path)} must ${detail}`);

/** The name of a value's type. */
function typeOf(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return isInt64(value) ? "integer" : "number";
  return typeof value;
}

function typesOf(schema: Schema): string[] {
  if (schema["x-kubernetes-int-or-string"] === true) return ["integer", "string"];
  return schema.type === undefined ? [] : [schema.type];
}

const formatOf = ({ format }: Schema) => format !== undefined && isKnownFormat(format) ? format : "";

function wrongType(path: string, wanted: string, found: string): FieldError {
  const field = named(path);
  return wrong("FieldValueTypeInvalid", field, found, `${path} in body must be of type ${wanted}: ${quoted(found)}`);
}

function checkType(value: Json, schema: Schema, path: string, result: Result): void {
  const found = typeOf(value);
  // Nearly every value is what it should be.
  if (found === schema.type && schema.format === undefined) {
    result.checks++;
    return;
  }
  const types = typesOf(schema);
  const format = formatOf(schema);
  if (types.length === 0 && format === "") return;
  result.checks++;
  if (value === null) {
    if (types.length > 0 && schema.nullable !== true) add(result, wrongType(path, types.join(","), "null"));
    return;
  }
  const numeric = types.includes("number") || types.includes("integer");
  // A format alone makes strings and lists pass here; the format itself is checked of strings.
  if (format !== "" && !numeric && (found === "string" || found === "array")) return;
  if (types.includes(found) || found === "integer" && types.includes("number")) return;
  if (format !== "" && found !== "string" && found !== "array") {
    const inferred = found === "integer" ? "int64" : found === "number" ? "float64" : "";
    return add(result, wrongType(path, format, inferred));
  }
  add(result, wrongType(path, types.join(","), found));
}

function bestOf(schemas: readonly Schema[], value: Json, path: string): { valid: Result[]; best: Result | undefined } {
  const results = schemas.map((schema) => resultOf(value, schema, path));
  const valid = results.filter(({ errors }) => errors.length === 0);
  let best: Result | undefined;
  for (const result of results) if (best === undefined || result.checks > best.checks) best = result;
  return { valid, best };
}

function checkAlternatives(value: Json, schema: Schema, path: string, result: Result): void {
  result.checks++;
  if (schema.anyOf ?? schema.oneOf ?? schema.allOf ?? schema.not) checkEach(value, schema, path, result);
}

function checkEach(
  value: Json,
  { anyOf = [], oneOf = [], allOf = [], not }: Schema,
  path: string,
  result: Result,
): void {
  if (anyOf.length > 0) {
    const { valid, best } = bestOf(anyOf, value, path);
    if (valid.length === 0) add(result, ofAlternatives(path, "validate at least one schema (anyOf)"));
    const reported = valid[0] ?? best;
    if (reported !== undefined) merge(result, reported);
  }
  if (oneOf.length > 0) {
    const { valid, best } = bestOf(oneOf, value, path);
    if (valid.length !== 1) {
      const found = valid.length === 0 ? "Found none valid" : `Found ${valid.length} valid alternatives`;
      add(result, ofAlternatives(path, `validate one and only one schema (oneOf). ${found}`));
    }
    const reported = valid.length === 0 ? best : valid.length === 1 ? valid[0] : undefined;
    if (reported !== undefined) merge(result, reported);
  }
  const results = allOf.map((one) => resultOf(value, one, path));
  for (const one of results) merge(result, one);
  const failed = results.filter(({ errors }) => errors.length > 0).length;
  if (failed > 0) {
    const none = failed === results.length ? ". None validated" : "";
    add(result, ofAlternatives(path, `validate all the schemas (allOf)${none}`));
  }
  if (not !== undefined && resultOf(value, not, path).errors.length === 0) {
    add(result, ofAlternatives(path, "not validate the schema (not)"));
  }
}

function checkString(value: string, schema: Schema, path: string, result: Result): void {
  const { maxLength, minLength, pattern } = schema;
  if (maxLength === undefined && minLength === undefined && pattern === undefined) return;
  // Characters need counting only where bytes beyond ASCII could make the difference.
  const isPlain = value.length <= (maxLength ?? Infinity) && value.length >= 2 * (minLength ?? 0);
  const length = isPlain ? value.length : [...value].length;
  const field = named(path);
  if (maxLength !== undefined && length > maxLength) return add(result, tooLong(field, maxLength));
  if (minLength !== undefined && length < minLength) {
    return add(result, invalidValue(field, value, `${path} in body should be at least ${minLength} chars long`));
  }
  // RE2 is nearly a part of JavaScript's expressions; kindsOfCrd() refuses a pattern that is not.
  if (pattern !== undefined && !new RegExp(pattern, "u").test(value)) {
    add(result, invalidValue(field, value, `${path} in body should match '${pattern}'`));
  }
}

function checkFormat(value: string, schema: Schema, path: string, result: Result): void {
  const format = formatOf(schema);
  if (format === "" || isOfFormat(value, format)) return;
  const detail = `${path} in body must be of type ${format}: ${quoted(value)}`;
  add(result, wrong("FieldValueTypeInvalid", named(path), value, detail));
}

function checkNumber(value: number, schema: Schema, path: string, result: Result): void {
  const { multipleOf, maximum, minimum, exclusiveMaximum = false, exclusiveMinimum = false } = schema;
  const limit = (bound: number) => isInt64(value) ? String(Math.trunc(bound)) : goFloat(bound);
  const say = (rule: string) => add(result, invalidValue(named(path), value, `${path} in body should be ${rule}`));
  if (multipleOf !== undefined && !Number.isInteger(Number((value / multipleOf).toPrecision(15)))) {
    say(`a multiple of ${goFloat(multipleOf)}`);
  }
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) {
    say(`greater than ${exclusiveMinimum ? "" : "or equal to "}${limit(minimum)}`);
  }
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) {
    say(`less than ${exclusiveMaximum ? "" : "or equal to "}${limit(maximum)}`);
  }
}

const same = (a: Json, b: Json) => a === b || typeof a === "object" && JSON.stringify(a) === JSON.stringify(b);

function checkList(value: readonly Json[], schema: Schema, path: string, result: Result): void {
  const { items, minItems, maxItems } = schema;
  if (items !== undefined) {
    for (let index = 0; index < value.length && result.errors.length < MAX_ERRORS; index++) {
      validateValue(value[index]!, items, `${path}[${index}]`, result);
    }
  }
  const field = named(path);
  if (minItems !== undefined && value.length < minItems) {
    add(result, invalidValue(field, value.length, `${path} in body should have at least ${minItems} items`));
  }
  if (maxItems !== undefined && value.length > maxItems) add(result, tooMany(field, value.length, maxItems));
}

function checkEnum(value: Json, schema: Schema, path: string, result: Result): void {
  const { enum: allowed } = schema;
  if (allowed === undefined || allowed.length === 0) return;
  // Null is in no enumeration, even where it is listed.
  if (value !== null && allowed.some((one) => same(one, value))) return;
  const texts = allowed.map((one) => typeof one === "string" ? one : JSON.stringify(one));
  add(result, notSupported(named(path), value, texts));
}

function checkObject(value: JsonObject, schema: Schema, path: string, result: Result): void {
  const { minProperties, maxProperties, required = [] } = schema;
  const fields = Object.keys(value);
  const field = named(path);
  if (minProperties !== undefined && fields.length < minProperties) {
    const detail = `${path} in body should have at least ${minProperties} properties`;
    add(result, invalidValue(field, fields.length, detail));
  }
  if (maxProperties !== undefined && fields.length > maxProperties) {
    add(result, tooMany(field, fields.length, maxProperties));
  }
  for (const name of fields) {
    const known = fieldSchema(schema, name);
    if (known === undefined) continue;
    const own = Object.hasOwn(schema.properties ?? {}, name);
    validateValue(value[name]!, known, own && path === "" ? name : `${path}.${name}`, result);
  }
  for (const name of required) {
    if (!Object.hasOwn(value, name)) add(result, requiredValue(named(`${path}.${name}`)));
  }
}

/** Checks in the order of the real server, which decides which of several alternatives is reported. */
function validateValue(value: Json, schema: Schema, path: string, result: Result): void {
  checkType(value, schema, path, result);
  if (value === null) {
    checkEnum(value, schema, path, result);
    return;
  }
  checkAlternatives(value, schema, path, result);
  if (typeof value === "string") {
    checkString(value, schema, path, result);
    checkFormat(value, schema, path, result);
  }
  if (typeof value === "number") checkNumber(value, schema, path, result);
  if (Array.isArray(value)) checkList(value, schema, path, result);
  checkEnum(value, schema, path, result);
  if (isJsonObject(value)) checkObject(value, schema, path, result);
  result.checks += 8;
}

function resultOf(value: Json, schema: Schema, path: string): Result {
  const result: Result = { errors: [], checks: 0 };
  validateValue(value, schema, path, result);
  return result;
}

/** What breaks the schema, of a whole object; its metadata has rules of its own. */
export function validate(value: JsonObject, schema: Schema): FieldError[] {
  const rest: Schema = { ...schema, properties: { ...schema.properties, metadata: {} } };
  const { errors } = resultOf(value, rest, "");
  return [...errors, ...listTypeErrors(value, rest, ""), ...embeddedErrors(value, rest, "")];
}

/** What breaks the schema in the status, which is all that an update of the status checks; its texts leave out `status.`. */
export function validateStatus({ status = null }: JsonObject, { properties = {} }: Schema): FieldError[] {
  const schema = properties["status"];
  if (schema === undefined || status === null) return [];
  const errors = resultOf(status, schema, "").errors.map((error) => {
    const isWhole = error.field === "" || error.field === NOWHERE;
    return { ...error, field: isWhole ? "status" : `status.${error.field}` };
  });
  return [...errors, ...listTypeErrors(status, schema, "status"), ...embeddedErrors(status, schema, "status")];
}
