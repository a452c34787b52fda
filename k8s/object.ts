/** Objects of the Kubernetes API and the paths they live at. */
import { ApiError } from "./errors.ts";

/** metadata, as far as it is used here. */
export interface ObjectMeta {
  /** Unique within namespace and resource. */
  name: string;
  /** Absent on cluster-scoped objects. */
  namespace?: string;
  /** Of this very object; another after delete and create. */
  uid?: string;
  /** Opaque; differs whenever the object does. */
  resourceVersion?: string;
  /** Everything else. */
  [field: string]: unknown;
}

/** Any object of the API. */
export interface KubeObject {
  /** `v1`, `apps/v1`. */
  apiVersion?: string;
  /** `ConfigMap`. */
  kind?: string;
  /** Who it is. */
  metadata: ObjectMeta;
}

/** A kind of object by its place in the API. */
export interface Resource {
  /** API group; empty for the core. */
  readonly group: string;
  /** `v1`. */
  readonly version: string;
  /** `configmaps`. */
  readonly plural: string;
  /** Namespace of the objects meant; absent for cluster-scoped ones and for all namespaces. */
  readonly namespace?: string;
}

/** Name and namespace of one object. */
export interface ObjectName {
  /** Its name. */
  readonly name: string;
  /** Its namespace, when it has one. */
  readonly namespace?: string;
}

/** `machines.example.com`, or `configmaps` in the core group: how people name a resource. */
export function resourceName({ group, plural }: Resource): string {
  return group === "" ? plural : `${plural}.${group}`;
}

/** `namespace/name`, or `name` when the object has no namespace. */
export function objectKey({ namespace, name }: ObjectName): string {
  return namespace === undefined || namespace === "" ? name : `${namespace}/${name}`;
}

/** The inverse of {@link objectKey}. */
export function parseKey(key: string): ObjectName {
  const slash = key.indexOf("/");
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/**
 * Path of a collection, or of one object, or of one's subresource.
 * @throws {ApiError} 404 for a name that no object can have and that would make another path
 */
export function resourcePath(resource: Resource, object?: ObjectName, subresource?: string): string {
  const namespace = object?.namespace ?? resource.namespace;
  const parts = resource.group === "" ? ["api", resource.version] : ["apis", resource.group, resource.version];
  if (namespace !== undefined) parts.push("namespaces", namespace);
  parts.push(resource.plural);
  if (object !== undefined) parts.push(object.name);
  if (subresource !== undefined) parts.push(subresource);
  const path = parts.map((part) => `/${encodeURIComponent(part)}`).join("");
  const impossible = parts.find((part) => part === "" || part === "." || part === "..");
  if (impossible === undefined) return path;
  throw new ApiError(`path ${path}`, 404, { reason: "NotFound", message: `"${impossible}" is not a name` });
}
