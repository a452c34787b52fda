/** Strategic merge patch (Kubernetes documentation, "Update API Objects in Place Using kubectl patch"), by the merge keys of a schema. */
import { isJsonObject, type Json, type JsonObject } from "../object.ts";
import type { Schema } from "../schema/schema.ts";
import { fieldSchema } from "../schema/schema_default.ts";
import { badRequest, StatusError } from "../status_error.ts";
import { goType, goValue } from "./go_value.ts";
import { checkDepth, define, goTypeName, own } from "./json_value.ts";
import { inOrder, type ListRule, mergeLists, ordered } from "./strategic_list.ts";

const DIRECTIVE = "$patch";
const RETAIN_KEYS = "$retainKeys";
const DELETE_PREFIX = "$deleteFromPrimitiveList";
const ORDER_PREFIX = "$setElementOrder";

/**
 * The object with the patch merged into it; neither is changed. `schema` is that of the object.
 * @throws {StatusError} 400, 422 or 500, as kube-apiserver, for a patch that is none
 */
export function strategicMerge(object: JsonObject, patch: Json, schema: Schema): JsonObject {
  if (patch === null) return object;
  if (!isJsonObject(patch)) {
    throw badRequest(`json: cannot unmarshal ${goTypeName(patch)} into Go value of type map[string]interface {}`);
  }
  checkDepth(patch);
  return mergeMap(object, patch, schema);
}

/** What kube-apiserver does not expect, it answers with 500. */
function unexpected(message: string): StatusError {
  return new StatusError(500, "", message);
}

/** What a directive of a whole object makes of it. */
function directed(patch: JsonObject): JsonObject {
  const { [DIRECTIVE]: directive, ...rest } = patch;
  if (directive === "replace") return rest;
  if (directive === "delete") return {};
  throw unexpected(`unknown patch type: ${goValue(directive!)} in map: ${goValue(patch)}`);
}

function mergeMap(original: JsonObject, patch: JsonObject, schema: Schema): JsonObject {
  if (Object.hasOwn(patch, DIRECTIVE)) return directed(patch);
  const merged = retained(original, patch);
  const done = new Set([RETAIN_KEYS]);
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(ORDER_PREFIX)) continue;
    done.add(key);
    const name = nameOf(key, ORDER_PREFIX, "invalid patch format of setElementOrder list");
    if (setOrder(merged, patch, name, order, schema)) done.add(name);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (done.has(key)) continue;
    if (key.startsWith(DELETE_PREFIX)) {
      const name = nameOf(key, DELETE_PREFIX, "invalid patch format of primitive list");
      if (value === null) delete merged[name];
      else deleteFrom(merged, name, value);
    } else if (value === null) delete merged[key];
    else mergeField(merged, key, value, schema);
  }
  return merged;
}

function nameOf(key: string, prefix: string, message: string): string {
  if (!key.startsWith(`${prefix}/`)) throw badRequest(message);
  return key.slice(prefix.length + 1);
}

/** `$retainKeys`: all other fields go, and the patch may set no others. */
function retained(original: JsonObject, patch: JsonObject): JsonObject {
  const keep = own(patch, RETAIN_KEYS);
  if (keep === undefined) return { ...original };
  const refused = () => badRequest("invalid patch format of retainKeys");
  if (!Array.isArray(keep)) throw refused();
  const kept = new Set(keep);
  for (const [key, value] of Object.entries(patch)) {
    const free = key === RETAIN_KEYS || value === null || key.startsWith(DELETE_PREFIX) || key.startsWith(ORDER_PREFIX);
    if (!free && !kept.has(key)) throw refused();
  }
  return Object.fromEntries(Object.entries(original).filter(([name]) => kept.has(name)));
}

function deleteFrom(merged: JsonObject, name: string, values: Json): void {
  const list = own(merged, name);
  if (!Array.isArray(list) || !Array.isArray(values)) return;
  const gone = new Set(values.map((value) => JSON.stringify(value)));
  merged[name] = list.filter((item) => !gone.has(JSON.stringify(item)));
}

function mergeField(merged: JsonObject, name: string, value: Json, schema: Schema): void {
  const there = own(merged, name);
  if (isJsonObject(there) && isJsonObject(value)) {
    const below = known(schema, name);
    define(merged, name, strategies(below).includes("replace") ? value : mergeMap(there, value, below));
  } else if (Array.isArray(there) && Array.isArray(value)) {
    define(merged, name, mergeLists(there, value, listRule(known(schema, name))));
  } else {
    const plain = withoutDirectives(value);
    if (plain === undefined) delete merged[name];
    else define(merged, name, plain);
  }
}

function known(schema: Schema, name: string): Schema {
  const found = fieldSchema(schema, name);
  if (found !== undefined) return found;
  if (schema.properties === undefined || schema["x-kubernetes-preserve-unknown-fields"]) return {};
  throw unexpected(`unable to find api field ${JSON.stringify(name)}`);
}

function strategies(schema: Schema): readonly string[] {
  return schema["x-kubernetes-patch-strategy"]?.split(",") ?? [];
}

function listRule(schema: Schema): ListRule {
  const key = schema["x-kubernetes-patch-merge-key"];
  return {
    merged: strategies(schema).includes("merge"),
    ...(key === undefined ? {} : { key }),
    element: (original, patch) => mergeMap(original, patch, schema.items ?? {}),
    plain: withoutDirectives,
  };
}

/**
 * `$setElementOrder/name`: the list and its patch merged, in the order given.
 * @returns whether there was a list
 */
function setOrder(merged: JsonObject, patch: JsonObject, name: string, order: Json, schema: Schema): boolean {
  const [there, wanted] = [own(merged, name), own(patch, name)];
  for (const list of [order, there, wanted]) {
    if (list !== undefined && !Array.isArray(list)) {
      throw unexpected(`expected a []interface {}, but received a ${goType(list)}`);
    }
  }
  const rule = listRule(known(schema, name));
  const [original, patched] = [there as Json[] | undefined, wanted as Json[] | undefined];
  if (patched !== undefined) checkOrder(patched, order as Json[], rule);
  if (original === undefined && patched === undefined) return false;
  const all = original === undefined
    ? withoutDirectives(patched!) as Json[]
    : patched === undefined
    ? original
    : mergeLists(original, patched, rule);
  define(merged, name, ordered(all, order as Json[], original ?? [], rule));
  return true;
}

function checkOrder(patch: readonly Json[], order: readonly Json[], rule: ListRule): void {
  const set = patch.filter((item) => !(isJsonObject(item) && Object.hasOwn(item, DIRECTIVE)));
  if (order.length === 0 || patch.length === 0 || inOrder(set, order, rule)) return;
  throw unexpected(
    `The order in patch list:\n${goValue([...patch])}\n doesn't match ${ORDER_PREFIX} list:\n${goValue([...order])}\n`,
  );
}

/** A value that there was none of before: without nulls, and without what directives take away. */
function withoutDirectives(value: Json): Json | undefined {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (!isJsonObject(value)) return value;
  if (Object.hasOwn(value, DIRECTIVE)) return undefined;
  const plain: JsonObject = {};
  for (const [name, inner] of Object.entries(value)) {
    const kept = inner === null ? undefined : withoutDirectives(inner);
    if (kept !== undefined) define(plain, name, kept);
  }
  return plain;
}
