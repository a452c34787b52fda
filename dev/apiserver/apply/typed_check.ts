/** What an applied configuration has that its kind's schema does not know, in kube-apiserver's words. */
import type { Kind } from "../kind.ts";
import { type ApiObject, isJsonObject, type Json, type JsonObject } from "../object.ts";
import { goSyntax, goType, goValue } from "../patch/go_value.ts";
import { badRequest, StatusError } from "../status_error.ts";
import { listElement } from "./list_index.ts";
import { showElement } from "./path_element.ts";
import { formOf, type LeafShape, type ListShape, type MapShape, type Shape, shapeOf } from "./shape.ts";

/**
 * Refuses a configuration of another kind, with managedFields, or with fields and values that its kind cannot have.
 * @throws {StatusError} 400; 500 for the last, as kube-apiserver
 */
export function checkConfig(kind: Kind, config: ApiObject): void {
  const [type, wanted] = [typeName(config), `${kind.group}/${kind.version}, Kind=${kind.kind}`];
  if (type !== wanted) throw badRequest(`invalid object type: ${type}`);
  const { managedFields, namespace = "", name = "" } = config.metadata;
  if (managedFields !== undefined && managedFields !== null) throw badRequest("metadata.managedFields must be nil");
  const errors = problems(shapeOf(kind), config);
  if (errors.length === 0) return;
  const list = errors.length === 1 ? errors[0] : `errors:\n${errors.map((error) => `  ${error}`).join("\n")}`;
  throw new StatusError(500, "", `failed to create typed patch object (${namespace}/${name}; ${type}): ${list}`);
}

/** `/v1, Kind=ConfigMap`. */
function typeName({ apiVersion, kind }: JsonObject): string {
  const parts = String(apiVersion ?? "").split("/");
  const [group, version] = parts.length === 2 ? parts : ["", parts[0]];
  return `${group}/${version}, Kind=${kind ?? ""}`;
}

function problems(declared: Shape, value: Json): string[] {
  if (value === null) return [];
  const shape = formOf(declared, value);
  switch (shape.form) {
    case "leaf":
      return scalarProblem(shape, value);
    case "map":
      return isJsonObject(value) ? mapProblems(shape, value) : [`: expected map, got &{${goValue(value)}}`];
    case "list":
      return Array.isArray(value) ? listProblems(shape, value) : [`: expected list, got &{${goValue(value)}}`];
  }
}

function scalarProblem({ scalar }: LeafShape, value: Json): string[] {
  switch (scalar) {
    case "string": {
      const got = typeof value === "object" || typeof value === "string"
        ? `&value.valueUnstructured{Value:${goSyntax(value)}}`
        : `&value.valueUnstructured{Value:${value}}`;
      return typeof value === "string" ? [] : [`: expected string, got ${got}`];
    }
    case "numeric":
      return typeof value === "number" ? [] : [`: expected numeric (int or float), got ${goType(value)}`];
    case "boolean":
      return typeof value === "boolean" ? [] : [`: expected boolean, got &{${goValue(value)}}`];
    case "any scalar":
      return typeof value === "object" ? [`: expected any scalar, got &{${goValue(value)}}`] : [];
  }
}

function mapProblems(shape: MapShape, object: JsonObject): string[] {
  const found: string[] = [];
  for (const [name, value] of Object.entries(object)) {
    const declared = shape.fields.get(name)?.shape ?? shape.rest;
    // What else this object has, kube-apiserver does not look at any more.
    if (declared === undefined) return [...found, `.${name}: field not declared in schema`];
    found.push(...problems(declared, value).map((problem) => `.${name}${problem}`));
  }
  return found;
}

function listProblems(shape: ListShape, list: readonly Json[]): string[] {
  const found: string[] = [];
  const seen = new Set<string>();
  for (const [index, item] of list.entries()) {
    let at = `[${index}]`;
    if (shape.sharing !== "one") {
      const named = listElement(shape, item);
      if ("why" in named) return [...found, `: element ${index}: ${named.why}`];
      at = showElement(named.element);
      if (seen.has(named.element)) found.push(`: duplicate entries for key ${at}`);
      seen.add(named.element);
    }
    found.push(...problems(shape.item, item).map((problem) => `${at}${problem}`));
  }
  return found;
}
