/** Schemas of the built-in kinds: fields, types and list keys as a real API server publishes them (tests/peers/record_kube_schemas.ts). */
import recorded from "./built_in.json" with { type: "json" };
import type { Kind } from "../kind.ts";
import { isJsonObject, type Json, type JsonObject } from "../object.ts";
import type { Schema } from "../schema/schema.ts";

const DEFINITIONS = recorded.definitions as unknown as Readonly<Record<string, JsonObject>>;

/** What these hold is nobody's business but their writer's, and the published schema does not say so. */
const FREE = new Set(["meta.v1.FieldsV1"]);
const KEEPS_ALL: Schema = { "x-kubernetes-preserve-unknown-fields": true };

/** A definition with its references still in it: `{$ref: "core.v1.PodSpec"}`. */
export function rawDefinition(name: string): JsonObject {
  const found = DEFINITIONS[name];
  if (found === undefined) throw new Error(`kinds/built_in.json has no ${name}`);
  return found;
}

/** What the definition of a built-in kind is called: `core.v1.Secret`. */
export function definitionName({ group, version, kind }: Pick<Kind, "group" | "version" | "kind">): string {
  return `${group.split(".")[0] || "core"}.${version}.${kind}`;
}

function expand(raw: JsonObject, known: Map<string, Schema>): Schema {
  // Which fields must be there, the rules of a kind say in its own words.
  const { $ref, required: _, ...own } = raw;
  const out: JsonObject = {};
  for (const [key, value] of Object.entries(own)) out[key] = expandValue(key, value, known);
  if (typeof $ref !== "string") return out as Schema;
  const target = definition($ref, known);
  // What is referred to without more is shared: a pod's fields are there once.
  return Object.keys(out).length === 0 ? target : { ...target, ...out as Schema };
}

function expandValue(key: string, value: Json, known: Map<string, Schema>): Json {
  if (!isJsonObject(value)) return value;
  if (key === "items" || key === "additionalProperties") return expand(value, known) as Json;
  if (key !== "properties") return value;
  const fields = Object.entries(value).map(([name, of]) => [name, expand(of as JsonObject, known)]);
  return Object.fromEntries(fields) as JsonObject;
}

/** A definition with everything it refers to in it; `known` keeps what has been expanded. */
export function definition(name: string, known: Map<string, Schema>): Schema {
  const before = known.get(name);
  if (before !== undefined) return before;
  const schema = { ...expand(rawDefinition(name), known), ...(FREE.has(name) ? KEEPS_ALL : {}) };
  known.set(name, schema);
  return schema;
}

/** Metadata of every object. */
export const OBJECT_META: Schema = definition("meta.v1.ObjectMeta", new Map());
