/** Answers in the form a client asked for: as Tables, as metadata alone (Kubernetes API concepts, "Alternate representations of resources"). */
import type { Kind } from "../kind.ts";
import { type ApiObject, isJsonObject, type JsonObject } from "../object.ts";
import type { Representation } from "./media_type.ts";
import { badRequest, StatusError } from "../status_error.ts";
import { table } from "../table/table.ts";
import type { WatchEvent } from "../verbs/verb_types.ts";

/** How to answer. */
export interface Form {
  readonly kind: Kind;
  /** As asked for. */
  readonly as: NonNullable<Representation["as"]>;
  /** Of the request: includeObject is read. */
  readonly query: URLSearchParams;
  /** Now, in ms. */
  readonly nowMs: number;
}

type IncludeObject = "None" | "Metadata" | "Object";

function includeObject(query: URLSearchParams): IncludeObject {
  const value = query.get("includeObject") ?? "";
  if (value === "") return "Metadata";
  if (value === "None" || value === "Metadata" || value === "Object") return value;
  const rule = "must be 'Metadata', 'Object', 'None', or empty";
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(value)}: ${rule}`,
  );
}

function partial(object: JsonObject): JsonObject {
  const { metadata = {} } = object;
  return { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata };
}

/** The list's items; undefined when it is no list. */
function itemsOf({ kind, items }: JsonObject): ApiObject[] | undefined {
  return typeof kind === "string" && kind.endsWith("List") && Array.isArray(items) ? items as ApiObject[] : undefined;
}

/** An object or a list in the form asked for; a Status stays what it is. */
export function transformed(body: JsonObject, { kind, as, query, nowMs }: Form): JsonObject {
  if (body.kind === "Status" && body.apiVersion === "v1") return body;
  const items = itemsOf(body);
  const metadata = isJsonObject(body.metadata) ? body.metadata : {};
  if (as === "Table") {
    const { resourceVersion, continue: next, remainingItemCount } = metadata;
    return table(kind, items ?? [body as ApiObject], {
      nowMs,
      includeObject: includeObject(query),
      ...(typeof resourceVersion === "string" ? { resourceVersion } : {}),
      ...(items !== undefined && typeof next === "string" && next !== "" ? { continue: next } : {}),
      ...(items !== undefined && typeof remainingItemCount === "number" ? { remainingItemCount } : {}),
    });
  }
  const goType = kind.builtIn ? `*${kind.group.split(".")[0] || "core"}.${kind.kind}` : "*unstructured.Unstructured";
  if ((as === "PartialObjectMetadataList") !== (items !== undefined)) {
    const what = items === undefined ? `not a list (${goType})` : `a list (${goType}List)`;
    throw new StatusError(406, "NotAcceptable", `you requested ${as}, but the requested object is ${what}`);
  }
  if (items === undefined) return partial(body);
  return { kind: as, apiVersion: "meta.k8s.io/v1", metadata, items: items.map(partial) };
}

/** The object of an event of a watch in the form asked for; only the `first` Table of a watch describes its columns. */
export function transformedEvent({ type, object }: WatchEvent, form: Form, first: boolean): JsonObject {
  if (type === "ERROR") return object;
  if (form.as !== "Table") return partial(object);
  const { resourceVersion } = isJsonObject(object.metadata) ? object.metadata : {};
  return table(form.kind, type === "BOOKMARK" ? [] : [object as ApiObject], {
    nowMs: form.nowMs,
    includeObject: includeObject(form.query),
    headers: first,
    ...(typeof resourceVersion === "string" ? { resourceVersion } : {}),
  });
}
