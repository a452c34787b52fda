/** What the API server handles: JSON, and objects as Kubernetes shapes them. */

/** A value of JSON. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  /** Any field. */
  [field: string]: Json;
}

/** metadata.ownerReferences and what else is not looked into stays plain JSON. */
export interface Metadata extends JsonObject {
  /** Unique within namespace and resource. */
  name: string;
}

/** An object of the API; metadata.namespace is absent on cluster-scoped ones. */
export interface ApiObject extends JsonObject {
  /** `v1`, `apps/v1`. */
  apiVersion: string;
  /** `ConfigMap`. */
  kind: string;
  /** Who it is. */
  metadata: Metadata;
}

/** True for a JSON object, which arrays and null are not. */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
