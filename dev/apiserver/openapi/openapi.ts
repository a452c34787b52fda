/** What /openapi/v3 answers: enough for kubectl to explain, to check what it sends and to know how lists are patched. */
import { createHash } from "node:crypto";
import { apiVersionOf, type Kind } from "../kind.ts";
import { definitionName, rawDefinition } from "../kinds/definitions.ts";
import { isJsonObject, type Json, type JsonObject } from "../object.ts";
import type { Schema } from "../schema/schema.ts";

/** A group and a version. */
export type GroupVersion = Pick<Kind, "group" | "version">;

const META = "meta.v1.ObjectMeta";

/** The full name of a definition of Kubernetes: `io.k8s.api.core.v1.Secret`. */
function fullName(definition: string): string {
  if (/^(api|util|runtime|version)\./.test(definition)) return `io.k8s.apimachinery.pkg.${definition}`;
  return `io.k8s.${definition.startsWith("meta.") ? "apimachinery.pkg.apis" : "api"}.${definition}`;
}

/** The component of a kind; a group of a CustomResourceDefinition is turned around, as Java packages are. */
function componentName(kind: Kind): string {
  if (kind.builtIn) return fullName(definitionName(kind));
  return [...kind.group.split(".").reverse(), kind.version, kind.kind].join(".");
}

const reference = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` });

/** A recorded definition with its references as the document writes them, which go into `wanted`. */
function published(raw: JsonObject, wanted: string[]): JsonObject {
  const out: JsonObject = {};
  for (const [key, value] of Object.entries(raw)) {
    if (key === "$ref") {
      wanted.push(String(value));
      out.allOf = [reference(fullName(String(value)))];
    } else if ((key === "items" || key === "additionalProperties") && isJsonObject(value)) {
      out[key] = published(value, wanted);
    } else if (key === "properties" && isJsonObject(value)) {
      const fields = Object.entries(value).map(([name, of]) => [name, published(of as JsonObject, wanted)]);
      out[key] = Object.fromEntries(fields);
    } else out[key] = value;
  }
  return out;
}

/** Descriptions of the kind and of its top fields; the recorded definitions have none. */
function withDescriptions(component: JsonObject, { description, properties = {} }: Schema): JsonObject {
  const fields = Object.entries(component.properties as JsonObject).map(([name, of]) => {
    const text = properties[name]?.description;
    return [name, text === undefined ? of : { ...of as JsonObject, description: text }];
  });
  return {
    ...(description === undefined ? {} : { description }),
    ...component,
    properties: Object.fromEntries(fields),
  };
}

function component(kind: Kind, wanted: string[]): JsonObject {
  if (kind.builtIn) return withDescriptions(published(rawDefinition(definitionName(kind)), wanted), kind.schema);
  wanted.push(META);
  const metadata = { description: "Name, labels and what else every object has.", allOf: [reference(fullName(META))] };
  const { properties, ...rest } = kind.schema;
  return { ...rest, properties: { ...properties, metadata } } as unknown as JsonObject;
}

function listComponent(kind: Kind): JsonObject {
  const items = { type: "array", items: { allOf: [reference(componentName(kind))] } };
  const { group, version } = kind;
  return {
    type: "object",
    required: ["items"],
    properties: { apiVersion: { type: "string" }, items, kind: { type: "string" }, metadata: { type: "object" } },
    "x-kubernetes-group-version-kind": [{ group, version, kind: `${kind.kind}List` }],
  };
}

function componentsOf(kinds: readonly Kind[]): JsonObject {
  const schemas: Record<string, Json> = {};
  const wanted: string[] = [];
  for (const kind of kinds) {
    schemas[componentName(kind)] = component(kind, wanted);
    schemas[`${componentName(kind)}List`] = listComponent(kind);
  }
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    const full = fullName(name);
    schemas[full] ??= published(rawDefinition(name), wanted);
  }
  return schemas;
}

const query = (name: string, type: string): JsonObject => ({ name, in: "query", schema: { type, uniqueItems: true } });
const WRITING = [query("dryRun", "string"), query("fieldManager", "string"), query("fieldValidation", "string")];
const FORCE = query("force", "boolean");
const PATCH_TYPES = ["apply-patch+yaml", "json-patch+json", "merge-patch+json"];

function operation(kind: Kind, action: string, more: JsonObject): JsonObject {
  const { group, version } = kind;
  const schema = reference(componentName(kind));
  const responses = { 200: { description: "OK", content: { "application/json": { schema } } } };
  const identity = { group, kind: kind.kind, version };
  return { ...more, responses, "x-kubernetes-action": action, "x-kubernetes-group-version-kind": identity };
}

/** Methods of one object, or of its status. */
function itemPath(kind: Kind): JsonObject {
  const types = kind.builtIn ? [...PATCH_TYPES, "strategic-merge-patch+json"] : PATCH_TYPES;
  const patch = Object.fromEntries(types.map((type) => [`application/${type}`, { schema: { type: "object" } }]));
  const body = { "application/json": { schema: reference(componentName(kind)) } };
  return {
    get: operation(kind, "get", {}),
    put: operation(kind, "put", { parameters: WRITING, requestBody: { content: body } }),
    patch: operation(kind, "patch", { parameters: [...WRITING, FORCE], requestBody: { content: patch } }),
    delete: operation(kind, "delete", { parameters: [query("dryRun", "string")] }),
  };
}

function collectionPath(kind: Kind): JsonObject {
  const body = { "application/json": { schema: reference(componentName(kind)) } };
  return {
    get: operation(kind, "list", {}),
    post: operation(kind, "post", { parameters: WRITING, requestBody: { content: body } }),
  };
}

/** `api/v1`, `apis/apps/v1`: what the index and the document's address call a group and version. */
function documentPath({ group, version }: GroupVersion): string {
  return group === "" ? `api/${version}` : `apis/${group}/${version}`;
}

function pathsOf(kinds: readonly Kind[]): JsonObject {
  const paths: Record<string, Json> = {};
  for (const kind of kinds) {
    const at = `/${documentPath(kind)}/${kind.namespaced ? "namespaces/{namespace}/" : ""}${kind.plural}`;
    paths[at] = collectionPath(kind);
    paths[`${at}/{name}`] = itemPath(kind);
    if (kind.status) paths[`${at}/{name}/status`] = itemPath(kind);
  }
  return paths;
}

/** The document of one group and version. */
export function openApiDocument(of: GroupVersion, kinds: readonly Kind[]): JsonObject {
  const own = kinds.filter(({ group, version }) => group === of.group && version === of.version);
  return {
    openapi: "3.0.0",
    info: { title: "metalman dev", version: apiVersionOf(of) },
    paths: pathsOf(own),
    components: { schemas: componentsOf(own) },
  };
}

/** The index: where each document is. The address changes with the document, so that clients may keep it for good. */
export function openApiPaths(kinds: readonly Kind[]): JsonObject {
  const paths: Record<string, Json> = {};
  for (const kind of kinds) {
    const path = documentPath(kind);
    if (path in paths) continue;
    const text = JSON.stringify(openApiDocument(kind, kinds));
    const hash = createHash("sha256").update(text).digest("hex").toUpperCase();
    paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` };
  }
  return { paths };
}
