/** The Table that `kubectl get` asks for (Kubernetes API concepts, "Receiving resources as Tables"). */
import { ageOf } from "../../../base/age.ts";
import { goFloat, goJson } from "../schema/field_error.ts";
import { jsonPath } from "./json_path.ts";
import { apiVersionOf, type Kind, type PrinterColumn } from "../kind.ts";
import type { ApiObject, Json, JsonObject } from "../object.ts";
import { builtInCells } from "./table_cells.ts";

/** How a table is asked for. */
export interface TableOptions {
  /** Now, for ages. */
  readonly nowMs: number;
  /** What of the object goes with its row. @default "Metadata" */
  readonly includeObject?: "None" | "Metadata" | "Object";
  /** Whether columns are described; a watch does so in its first event only. @default true */
  readonly headers?: boolean;
  /** Of the list, or of the one object. */
  readonly resourceVersion?: string;
  /** Of a list that goes on. */
  readonly continue?: string;
  /** How many come after. */
  readonly remainingItemCount?: number;
}

const NAME: PrinterColumn = {
  name: "Name",
  type: "string",
  format: "name",
  jsonPath: "",
  description: "Unique within its namespace and resource.",
};

/** Text as a JSONPath template prints it: lists and objects as JSON. */
function printed(value: Json): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : goFloat(value);
  return value === null ? "<no value>" : goJson(value);
}

function columnCell(type: string, value: Json | undefined, nowMs: number): Json {
  if (value === undefined) return null;
  switch (type) {
    case "string":
      return printed(value);
    case "date":
      return typeof value === "string" ? ageOf(value, nowMs) : null;
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : null;
    case "number":
      return typeof value === "number" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    default:
      return null;
  }
}

function customCells(columns: readonly PrinterColumn[]): (object: ApiObject, nowMs: number) => Json[] {
  const cells = columns.map(({ type, jsonPath: path }) => ({ type, find: jsonPath(path) }));
  return (object, nowMs) => [
    object.metadata.name,
    ...cells.map(({ type, find }) => columnCell(type, find?.(object), nowMs)),
  ];
}

const definitionOf = ({ name, type, format = "", description, jsonPath: path, priority = 0 }: PrinterColumn) => ({
  name,
  type,
  format,
  description: description ?? (path === "" ? "" : `Custom resource definition column (in JSONPath format): ${path}`),
  priority,
});

/** Objects in the list of a built-in kind do not say what they are; in a row they do. */
function rowObject(kind: Kind, object: ApiObject, include: "Metadata" | "Object"): JsonObject {
  if (include === "Object") return { ...object, kind: kind.kind, apiVersion: apiVersionOf(kind) };
  return { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: object.metadata };
}

/** A list, or one object, as a Table. */
export function table(kind: Kind, objects: readonly ApiObject[], options: TableOptions): JsonObject {
  const { nowMs, includeObject = "Metadata", headers = true, resourceVersion, remainingItemCount } = options;
  const columns = kind.builtIn ? kind.columns : [NAME, ...kind.columns];
  const cells = kind.builtIn
    ? (object: ApiObject) => builtInCells(kind.kind, object, nowMs)
    : customCells(kind.columns);
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata: {
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(options.continue === undefined ? {} : { continue: options.continue }),
      ...(remainingItemCount === undefined ? {} : { remainingItemCount }),
    },
    ...(headers ? { columnDefinitions: columns.map(definitionOf) } : {}),
    rows: objects.map((object) => ({
      cells: cells(object, nowMs),
      object: includeObject === "None" ? null : rowObject(kind, object, includeObject),
    })),
  };
}
