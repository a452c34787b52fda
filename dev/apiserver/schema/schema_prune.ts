/** Removes fields that a structural schema does not know (Kubernetes documentation, Custom Resources, "Field pruning"). */
import { OBJECT_META } from "../kinds/definitions.ts";
import { isJsonObject, type Json, type JsonObject } from "../object.ts";
import type { Schema } from "./schema.ts";

/** What every object has, whatever its schema says. */
const META_FIELDS = new Set(["apiVersion", "kind", "metadata"]);

/** The paths of what was removed. */
interface Removed {
  readonly unknown: string[];
  /** Of metadata, of the object itself and of those within it. */
  readonly ofMetadata: string[];
}

function pruneFields(
  value: JsonObject,
  schema: Schema | undefined,
  path: string,
  keep: boolean,
  removed: Removed,
): void {
  const { properties, additionalProperties } = schema ?? {};
  const isObject = schema?.["x-kubernetes-embedded-resource"] === true;
  for (const field of Object.keys(value)) {
    const inner = value[field]!;
    const holds = typeof inner === "object";
    const at = holds ? (path === "" ? field : `${path}.${field}`) : "";
    if (isObject && META_FIELDS.has(field)) {
      if (field === "metadata") pruneValue(inner, OBJECT_META, at, { ...removed, unknown: removed.ofMetadata });
    } else if (properties !== undefined && Object.hasOwn(properties, field)) {
      if (holds) pruneValue(inner, properties[field], at, removed);
    } else if (additionalProperties !== undefined) {
      // Of `additionalProperties: true` nothing below is known.
      const every = typeof additionalProperties === "boolean" ? undefined : additionalProperties;
      if (holds) pruneValue(inner, every, at, removed);
    } else if (!keep) {
      removed.unknown.push(path === "" ? field : `${path}.${field}`);
      delete value[field];
    }
  }
}

/** `kept`: it is an element of a list that keeps what it does not know. */
function pruneValue(value: Json, schema: Schema | undefined, path: string, removed: Removed, kept = false): void {
  const keep = kept || schema?.["x-kubernetes-preserve-unknown-fields"] === true;
  if (isJsonObject(value)) return pruneFields(value, schema, path, keep, removed);
  if (!Array.isArray(value) || keep && schema?.items === undefined) return;
  value.forEach((item, index) => pruneValue(item, schema?.items, `${path}[${index}]`, removed, keep));
}

/**
 * Removes unknown fields from a whole object, in place; its apiVersion, kind and metadata are known, also in embedded objects.
 * @returns the paths of what went (`spec.foo`, `spec.list[0].bar`), sorted: of its metadata, of it, of embedded metadata
 */
export function prune(value: JsonObject, schema: Schema): string[] {
  const removed: Removed = { unknown: [], ofMetadata: [] };
  pruneFields(value, { ...schema, "x-kubernetes-embedded-resource": true }, "", false, removed);
  const isOwn = (path: string) => path.startsWith("metadata.");
  const ofMetadata = removed.ofMetadata.sort();
  return [...ofMetadata.filter(isOwn), ...removed.unknown.sort(), ...ofMetadata.filter((path) => !isOwn(path))];
}
