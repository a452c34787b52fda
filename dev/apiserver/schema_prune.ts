/** Removes fields that a structural schema does not know (Kubernetes documentation, Custom Resources, "Field pruning"). */
import { OBJECT_META } from "./kinds/definitions.ts";
import { isJsonObject, type Json, type JsonObject } from "./object.ts";
import type { Schema } from "./schema.ts";

/** What every object has, whatever its schema says. */
const META_FIELDS = new Set(["apiVersion", "kind", "metadata"]);

/** Where the walk is, and what it has removed. */
interface Pruning {
  readonly path: string;
  readonly unknown: string[];
  /** Of metadata, of the object itself and of those within it. */
  readonly ofMetadata: string[];
}

function pruneFields(value: JsonObject, schema: Schema | undefined, keep: boolean, at: Pruning): void {
  for (const [field, inner] of Object.entries(value)) {
    const path = at.path === "" ? field : `${at.path}.${field}`;
    if (schema?.["x-kubernetes-embedded-resource"] === true && META_FIELDS.has(field)) {
      if (field === "metadata") pruneValue(inner, OBJECT_META, { ...at, path, unknown: at.ofMetadata });
      continue;
    }
    const { properties, additionalProperties } = schema ?? {};
    if (properties !== undefined && Object.hasOwn(properties, field)) {
      pruneValue(inner, properties[field], { ...at, path });
    } else if (additionalProperties !== undefined) {
      // Of `additionalProperties: true` nothing below is known.
      const every = typeof additionalProperties === "boolean" ? undefined : additionalProperties;
      pruneValue(inner, every, { ...at, path });
    } else if (!keep) {
      at.unknown.push(path);
      delete value[field];
    }
  }
}

/** `kept`: it is an element of a list that keeps what it does not know. */
function pruneValue(value: Json, schema: Schema | undefined, at: Pruning, kept = false): void {
  const keep = kept || schema?.["x-kubernetes-preserve-unknown-fields"] === true;
  if (isJsonObject(value)) return pruneFields(value, schema, keep, at);
  if (!Array.isArray(value) || keep && schema?.items === undefined) return;
  value.forEach((item, index) => pruneValue(item, schema?.items, { ...at, path: `${at.path}[${index}]` }, keep));
}

/**
 * Removes unknown fields from a whole object, in place; its apiVersion, kind and metadata are known, also in embedded objects.
 * @returns the paths of what went (`spec.foo`, `spec.list[0].bar`), sorted: of its metadata, of it, of embedded metadata
 */
export function prune(value: JsonObject, schema: Schema): string[] {
  const at: Pruning = { path: "", unknown: [], ofMetadata: [] };
  pruneFields(value, { ...schema, "x-kubernetes-embedded-resource": true }, false, at);
  const isOwn = (path: string) => path.startsWith("metadata.");
  const ofMetadata = at.ofMetadata.sort();
  return [...ofMetadata.filter(isOwn), ...at.unknown.sort(), ...ofMetadata.filter((path) => !isOwn(path))];
}
