/** Kinds from a CustomResourceDefinition. */
import { jsonPath } from "../table/json_path.ts";
import type { Kind, PrinterColumn } from "../kind.ts";
import { isJsonObject, type Json, type JsonObject } from "../object.ts";
import type { Schema } from "../schema/schema.ts";
import { OBJECT_META } from "./definitions.ts";

/** A CustomResourceDefinition that cannot be served; the message says why. */
export class CrdError extends Error {
  /** The class, in logs. */
  override name = "CrdError";
}

/** Where the walk is, for messages. */
type Path = string;

function objectAt(value: Json | undefined, path: Path): JsonObject {
  if (isJsonObject(value)) return value;
  throw new CrdError(`${path} is not an object`);
}

function textAt(value: Json | undefined, path: Path): string {
  if (typeof value === "string" && value !== "") return value;
  throw new CrdError(`${path} is not a text`);
}

function textsAt(value: Json | undefined, path: Path): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new CrdError(`${path} is not a list`);
  return value.map((one, index) => textAt(one, `${path}[${index}]`));
}

const TYPES = new Set(["object", "array", "string", "integer", "number", "boolean"]);

/** What makes a schema structural, as far as serving depends on it. */
function checkSchema(schema: JsonObject, path: Path): void {
  const { type, properties, items, additionalProperties } = schema;
  if (typeof schema.$ref === "string") throw new CrdError(`${path} has $ref, which Kubernetes does not allow`);
  const free = schema["x-kubernetes-int-or-string"] === true || schema["x-kubernetes-preserve-unknown-fields"] === true;
  if (type === undefined ? !free : typeof type !== "string" || !TYPES.has(type)) {
    throw new CrdError(
      `${path}.type is ${type === undefined ? "missing" : `${JSON.stringify(type)}, which is no type`}`,
    );
  }
  if (type === "array" && items === undefined) throw new CrdError(`${path}.items is missing`);
  if (items !== undefined) checkSchema(objectAt(items, `${path}.items`), `${path}.items`);
  for (const [name, of] of Object.entries(objectAt(properties ?? {}, `${path}.properties`))) {
    checkSchema(objectAt(of, `${path}.properties.${name}`), `${path}.properties.${name}`);
  }
  if (additionalProperties !== undefined && typeof additionalProperties !== "boolean") {
    const inner = `${path}.additionalProperties`;
    checkSchema(objectAt(additionalProperties, inner), inner);
  }
  if (typeof schema.pattern === "string") checkPattern(schema.pattern, path);
}

function checkPattern(pattern: string, path: Path): void {
  try {
    new RegExp(pattern, "u");
  } catch (error) {
    throw new CrdError(`${path}.pattern cannot be served: ${(error as Error).message}`);
  }
}

function columnAt(value: Json, path: Path): PrinterColumn {
  const { name, type, jsonPath: where, format, description, priority } = objectAt(value, path);
  const found = textAt(where, `${path}.jsonPath`);
  if (jsonPath(found) === undefined) {
    throw new CrdError(
      `${path}.jsonPath is ${JSON.stringify(found)}: only fields, indices, * and [?(@.field=="text")] are served`,
    );
  }
  return {
    name: textAt(name, `${path}.name`),
    type: textAt(type, `${path}.type`),
    jsonPath: found,
    ...(typeof format === "string" ? { format } : {}),
    ...(typeof description === "string" ? { description } : {}),
    ...(typeof priority === "number" ? { priority } : {}),
  };
}

function columnsAt(value: Json | undefined, path: Path): PrinterColumn[] {
  if (value === undefined) return [{ name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" }];
  if (!Array.isArray(value)) throw new CrdError(`${path} is not a list`);
  return value.map((one, index) => columnAt(one, `${path}[${index}]`));
}

function schemaAt(version: JsonObject, path: Path, identity: Pick<Kind, "group" | "version" | "kind">): Schema {
  const { openAPIV3Schema } = objectAt(version.schema, `${path}.schema`);
  const where = `${path}.schema.openAPIV3Schema`;
  const schema = objectAt(openAPIV3Schema, where);
  checkSchema(schema, where);
  const properties = objectAt(schema.properties ?? {}, `${where}.properties`);
  return {
    ...schema as Schema,
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      ...properties as Record<string, Schema>,
      metadata: OBJECT_META,
    },
    "x-kubernetes-group-version-kind": [{ group: identity.group, version: identity.version, kind: identity.kind }],
  };
}

/**
 * The kinds that a CustomResourceDefinition serves, one a version. Rules in CEL (x-kubernetes-validations) stay in the
 * schema, so that they are published, and nobody evaluates them.
 * @throws {CrdError} when it cannot be served
 */
export function kindsOfCrd(crd: JsonObject): Kind[] {
  if (crd.apiVersion !== "apiextensions.k8s.io/v1" || crd.kind !== "CustomResourceDefinition") {
    throw new CrdError("this is not a CustomResourceDefinition of apiextensions.k8s.io/v1");
  }
  const spec = objectAt(crd.spec, "spec");
  const names = objectAt(spec.names, "spec.names");
  const kind = textAt(names.kind, "spec.names.kind");
  const versions = Array.isArray(spec.versions) ? spec.versions : [];
  if (versions.length === 0) throw new CrdError("spec.versions is empty");
  const common = {
    group: textAt(spec.group, "spec.group"),
    kind,
    plural: textAt(names.plural, "spec.names.plural"),
    singular: typeof names.singular === "string" ? names.singular : kind.toLowerCase(),
    shortNames: textsAt(names.shortNames, "spec.names.shortNames"),
    categories: textsAt(names.categories, "spec.names.categories"),
    namespaced: textAt(spec.scope, "spec.scope") === "Namespaced",
    builtIn: false,
  };
  return versions.flatMap((of, index) => {
    const path = `spec.versions[${index}]`;
    const found = objectAt(of, path);
    if (found.served !== true) return [];
    const version = textAt(found.name, `${path}.name`);
    return [{
      ...common,
      version,
      status: isJsonObject(found.subresources) && isJsonObject(found.subresources.status),
      schema: schemaAt(found, path, { ...common, version }),
      columns: columnsAt(found.additionalPrinterColumns, `${path}.additionalPrinterColumns`),
    }];
  });
}
