/** Kubernetes objects of tests, and the manifests that the project ships. */
import { loadAll } from "js-yaml";

/** An object of the API, as far as it is needed here. */
export interface KubeObject {
  /** `v1`, `apps/v1`. */
  apiVersion?: string;
  /** `ConfigMap`. */
  kind?: string;
  /** Anything: tests know what they asked for. */
  // deno-lint-ignore no-explicit-any
  [field: string]: any;
  /** Who it is. */
  metadata: { name: string; namespace?: string; [field: string]: unknown };
}

/** Kinds that {@link TestApiServer.apply} knows, with the plural that their URL uses. */
const PLURALS: Readonly<Record<string, string>> = {
  Namespace: "namespaces",
  ConfigMap: "configmaps",
  Secret: "secrets",
  Service: "services",
  ServiceAccount: "serviceaccounts",
  Node: "nodes",
  ClusterRole: "clusterroles",
  ClusterRoleBinding: "clusterrolebindings",
  Role: "roles",
  RoleBinding: "rolebindings",
  CustomResourceDefinition: "customresourcedefinitions",
  Machine: "machines",
};

/** Path of an object in the API. */
export function objectPath({ apiVersion = "v1", kind = "", metadata }: KubeObject): string {
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const namespace = metadata.namespace === undefined ? "" : `/namespaces/${metadata.namespace}`;
  return `${root}${namespace}/${PLURALS[kind] ?? `${kind.toLowerCase()}s`}/${metadata.name}`;
}

/** The objects of one of the project's manifests, such as `deploy/crd.yaml`. */
export function manifest(path: string): KubeObject[] {
  const text = Deno.readTextFileSync(new URL(`../../${path}`, import.meta.url));
  return loadAll(text) as KubeObject[];
}
