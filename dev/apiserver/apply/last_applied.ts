/** From client-side to server-side apply: the annotation in which kubectl keeps what it applied last. */
import { apiVersionOf, type Kind } from "../kind.ts";
import { type ApiObject, isJsonObject, type Json, type JsonObject } from "../object.ts";
import { define } from "../patch/json_value.ts";
import { compare } from "./compare.ts";
import { difference, type FieldSet } from "./field_set.ts";
import { fieldsOf } from "./fields.ts";
import { shapeOf } from "./shape.ts";

const ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration";

function lastApplied(object: JsonObject | undefined): string | undefined {
  const metadata = object?.metadata;
  const annotations = isJsonObject(metadata) ? metadata.annotations : undefined;
  const text = isJsonObject(annotations) ? annotations[ANNOTATION] : undefined;
  return typeof text === "string" && text !== "" ? text : undefined;
}

/** Fields that client-side apply set and nobody has changed since: kubectl may take them without a conflict. */
export function fieldsLastApplied(kind: Kind, live: ApiObject | undefined): FieldSet | undefined {
  const text = lastApplied(live);
  const config = text === undefined ? undefined : parsed(text);
  if (!isJsonObject(config) || config.apiVersion !== apiVersionOf(kind)) return undefined;
  const shape = shapeOf(kind);
  const { changed, removed } = compare(shape, config, live!);
  return difference(difference(fieldsOf(shape, config), changed), removed);
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** The object with the annotation brought up to the configuration, where it has one. */
export function withLastApplied(object: JsonObject, config: ApiObject): JsonObject {
  if (lastApplied(object) === undefined) return object;
  const { annotations, ...metadata } = config.metadata;
  const { [ANNOTATION]: _, ...others } = (annotations ?? {}) as JsonObject;
  const kept = Object.keys(others).length === 0 ? metadata : { ...metadata, annotations: others };
  const text = `${goJson({ ...config, metadata: kept as JsonObject })}\n`;
  const own = object.metadata as JsonObject;
  return { ...object, metadata: { ...own, annotations: { ...own.annotations as JsonObject, [ANNOTATION]: text } } };
}

/** As Go writes a map: fields in order, and nothing that HTML could take for its own. */
function goJson(value: JsonObject): string {
  return JSON.stringify(inOrder(value)).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function inOrder(value: Json): Json {
  if (Array.isArray(value)) return value.map(inOrder);
  if (!isJsonObject(value)) return value;
  const sorted: JsonObject = {};
  for (const name of Object.keys(value).sort()) define(sorted, name, inOrder(value[name]!));
  return sorted;
}
