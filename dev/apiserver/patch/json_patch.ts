/** JSON patch (RFC 6902) with JSON pointers (RFC 6901), as kube-apiserver understands them. */
import { isJsonObject, type Json, type JsonObject } from "../object.ts";
import { badRequest, StatusError } from "../status_error.ts";
import { checkDepth, define, equal, goTypeName, own } from "./json_value.ts";

/** As kube-apiserver. */
const MAX_OPERATIONS = 10_000;
/** What all `copy` operations together may add, in values: else 10,000 of them double an object 10,000 times. */
const MAX_COPIED = 1_000_000;

type Container = JsonObject | Json[];

/** One step, its strings checked. */
interface Operation {
  readonly op: string;
  readonly path: string | undefined;
  readonly from: string | undefined;
  readonly value: Json;
}

/**
 * The object after all operations, in order; it is not changed.
 *
 * As in kube-apiserver, `replace` of an absent field sets it, `test` of an absent field against null holds, indices below zero
 * count from the end, and what stands before the first slash of a pointer is not looked at.
 * @throws {StatusError} 400 when the patch is not one, 413 when it is too long, 422 when an operation cannot be carried out
 */
export function jsonPatch(object: JsonObject, patch: Json): JsonObject {
  const operations = operationsOf(patch);
  const document: Document = { root: structuredClone(object), copied: 0 };
  for (const operation of operations) apply(document, operation);
  const { root } = document;
  if (!isJsonObject(root)) throw refused();
  checkDepth(root);
  return root;
}

interface Document {
  root: Container;
  copied: number;
}

function operationsOf(patch: Json): Operation[] {
  if (patch === null) return [];
  const cannot = (value: Json, into: string) =>
    badRequest(`error decoding patch: json: cannot unmarshal ${goTypeName(value)} into Go ${into}`);
  if (!Array.isArray(patch)) throw cannot(patch, "value of type []handlers.jsonPatchOp");
  if (patch.length > MAX_OPERATIONS) {
    const text = `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`;
    throw new StatusError(413, "RequestEntityTooLarge", `Request entity too large: ${text}`);
  }
  checkDepth(patch);
  return patch.map((item) => {
    if (!isJsonObject(item)) throw cannot(item, "value of type handlers.jsonPatchOp");
    const text = (name: string) => {
      const value = own(item, name) ?? undefined;
      if (value !== undefined && typeof value !== "string") {
        throw cannot(value, `struct field jsonPatchOp.${name} of type string`);
      }
      return value;
    };
    return { op: text("op") ?? "", path: text("path"), from: text("from"), value: own(item, "value") ?? null };
  });
}

/** kube-apiserver keeps what went wrong to itself. */
function refused(): StatusError {
  return new StatusError(422, "Invalid", "the server rejected our request due to an error in our request", {});
}

/** RFC 6902 section 4. */
function apply(document: Document, { op, path, from, value }: Operation): void {
  switch (op) {
    case "add":
      return add(document, path, structuredClone(value));
    case "remove":
      return void remove(document, path);
    case "replace":
      return replace(document, path, structuredClone(value));
    case "move":
      return add(document, path, remove(document, from));
    case "copy":
      return add(document, path, copied(document, get(document, from)));
    case "test":
      return test(path === "" ? document.root : get(document, path), value);
    default:
      throw refused();
  }
}

function add(document: Document, path: string | undefined, value: Json): void {
  const [container, key] = find(document, path);
  if (!Array.isArray(container)) return define(container, key, value);
  container.splice(key === "-" ? container.length : index(key, container.length + 1), 0, value);
}

function remove(document: Document, path: string | undefined): Json {
  const [container, key] = find(document, path);
  if (Array.isArray(container)) return container.splice(index(key, container.length), 1)[0]!;
  const value = own(container, key);
  if (value === undefined) throw refused();
  delete container[key];
  return value;
}

function replace(document: Document, path: string | undefined, value: Json): void {
  if (path === "") {
    if (!isJsonObject(value)) throw refused();
    document.root = value;
    return;
  }
  const [container, key] = find(document, path);
  if (Array.isArray(container)) container[index(key, container.length)] = value;
  else define(container, key, value);
}

function get(document: Document, path: string | undefined): Json {
  const [container, key] = find(document, path);
  return Array.isArray(container) ? container[index(key, container.length)]! : own(container, key) ?? null;
}

function test(found: Json, wanted: Json): void {
  // Moves can have nested it deeper than any one patch may be.
  checkDepth(found);
  if (!equal(found, wanted)) throw refused();
}

function copied(document: Document, value: Json): Json {
  checkDepth(value);
  document.copied += size(value);
  if (document.copied > MAX_COPIED) throw refused();
  return structuredClone(value);
}

function size(value: Json): number {
  if (typeof value === "string") return 1 + value.length;
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce((sum: number, inner) => sum + size(inner), 1);
}

/** The container that a pointer ends in, and the key there. */
function find({ root }: Document, path: string | undefined): [Container, string] {
  const parts = path?.split("/");
  if (parts === undefined || parts.length < 2) throw refused();
  const keys = parts.slice(1).map(unescapeKey);
  const last = keys.pop()!;
  let container: Container = root;
  for (const key of keys) {
    const next: Json | undefined = Array.isArray(container)
      ? container[index(key, container.length)]
      : own(container, key);
    if (typeof next !== "object" || next === null) throw refused();
    container = next;
  }
  return [container, last];
}

/** RFC 6901 section 4: `~1` first, then `~0`. */
function unescapeKey(key: string): string {
  return key.replaceAll("~1", "/").replaceAll("~0", "~");
}

/** An index below `end`; one below zero counts from there. */
function index(key: string, end: number): number {
  if (!/^[+-]?\d{1,15}$/.test(key)) throw refused();
  const given = Number(key);
  const found = given < 0 ? given + end : given;
  if (found < 0 || found >= end) throw refused();
  return found;
}
