/** Objects of built-in kinds are read into Go's types: what cannot be read is refused before anything else, in Go's words. */
import { base64Problem } from "./go_base64.ts";
import { timeProblem } from "./go_time.ts";
import type { Kind } from "../kind.ts";
import { definitionName, rawDefinition } from "../kinds/definitions.ts";
import { type ApiObject, isJsonObject, type Json, type JsonObject } from "../object.ts";

/** Where a value is: the Go type it is a field of, and the fields down to it. */
interface Place {
  readonly struct: string;
  readonly path: string;
}

const QUANTITY = /^[+-]?[0-9.]+[eEinumkKMGTP]*[-+]?[0-9]*$/;
const INTEGERS: Readonly<Record<string, number>> = { int32: 2 ** 31, int64: 2 ** 63 };

const lastName = (definition: string) => definition.replace(/^.*\./, "");

/** The Go type that a schema was made from; a named text such as v1.ServiceType is a string here. */
function goType({ $ref, type, format, items, additionalProperties }: JsonObject): string {
  if (typeof $ref === "string") {
    if (/^(util|api)\./.test($ref)) return $ref.split(".").slice(1).join(".");
    return `v1.${lastName($ref)}`;
  }
  if (type === "array") return `[]${goType(items as JsonObject)}`;
  if (type === "object") return `map[string]${goType(additionalProperties as JsonObject)}`;
  if (type === "string") return format === "byte" ? "[]uint8" : "string";
  if (type === "boolean") return "bool";
  return format === undefined ? "int" : String(format);
}

function mismatch(value: Json, type: string, { struct, path }: Place): string {
  const exact = typeof value === "number" && type in INTEGERS;
  const kind = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  const shown = exact ? `number ${value}` : kind;
  return `json: cannot unmarshal ${shown} into Go struct field ${struct}.${path} of type ${type}`;
}

/** Types that read themselves. */
const OWN_READING: Readonly<Record<string, (value: Json, at: Place) => string | undefined>> = {
  "meta.v1.Time": (value, at) => typeof value === "string" ? timeProblem(value, "Time") : mismatch(value, "string", at),
  "meta.v1.MicroTime": (value, at) =>
    typeof value === "string" ? timeProblem(value, "MicroTime") : mismatch(value, "string", at),
  "meta.v1.FieldsV1": () => undefined,
  "api.resource.Quantity": (value) =>
    QUANTITY.test(String(value))
      ? undefined
      : "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  "util.intstr.IntOrString": (value, at) =>
    typeof value === "string" || isInteger(value, "int32") ? undefined : mismatch(value, "int32", at),
};

function isInteger(value: Json, format: string): boolean {
  return Number.isInteger(value) && Math.abs(value as number) < (INTEGERS[format] ?? 2 ** 63);
}

function fieldsProblem(value: JsonObject, properties: JsonObject, struct: string, path: string): string | undefined {
  for (const [field, inner] of Object.entries(value)) {
    if (!Object.hasOwn(properties, field)) continue;
    const at = { struct, path: path === "" ? field : `${path}.${field}` };
    const problem = problemOf(inner, properties[field] as JsonObject, at);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function problemOf(value: Json, schema: JsonObject, at: Place): string | undefined {
  if (value === null) return undefined;
  const { $ref, type, format, items, additionalProperties } = schema;
  const refuse = () => mismatch(value, goType(schema), at);
  if (typeof $ref === "string") {
    const own = OWN_READING[$ref];
    if (own !== undefined) return own(value, at);
    if (!isJsonObject(value)) return refuse();
    return fieldsProblem(value, rawDefinition($ref).properties as JsonObject, lastName($ref), at.path);
  }
  if (type === "array" || type === "object") {
    if (type === "array" ? !Array.isArray(value) : !isJsonObject(value)) return refuse();
    const inner = (type === "array" ? items : additionalProperties) as JsonObject;
    for (const one of Object.values(value as JsonObject)) {
      const problem = problemOf(one, inner, at);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  if (type === "string") return typeof value === "string" ? textProblem(value, format) : refuse();
  if (type === "boolean") return typeof value === "boolean" ? undefined : refuse();
  return isInteger(value, String(format)) ? undefined : refuse();
}

function textProblem(value: string, format: Json | undefined): string | undefined {
  const at = format === "byte" ? base64Problem(value) : undefined;
  return at === undefined ? undefined : `illegal base64 data at input byte ${at}`;
}

/** Why an object of a built-in kind cannot be read; undefined when it can be, and for kinds of a CustomResourceDefinition. */
export function decodeProblem(kind: Kind, object: ApiObject | JsonObject): string | undefined {
  if (!kind.builtIn) return undefined;
  const { properties } = rawDefinition(definitionName(kind));
  return fieldsProblem(object, properties as JsonObject, kind.kind, "");
}
