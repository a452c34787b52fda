/** What metalman needs in a cluster, printed by the executable: it holds the files of deploy/ as they are. */
import { loadAll } from "js-yaml";
import crd from "../deploy/crd.yaml" with { type: "text" };
import example from "../deploy/example.yaml" with { type: "text" };
import namespace from "../deploy/namespace.yaml" with { type: "text" };
import rbacEvents from "../deploy/rbac-events.yaml" with { type: "text" };
import rbac from "../deploy/rbac.yaml" with { type: "text" };
import type { ManifestPart, ManifestSettings } from "./manifest_settings.ts";

/** In the order in which they can be applied. */
const TEXTS: Readonly<Record<ManifestPart, readonly string[]>> = {
  namespace: [namespace],
  crd: [crd],
  rbac: [rbac, rbacEvents],
  example: [example],
  all: [namespace, crd, rbac, rbacEvents],
};

/** The text for `kubectl apply -f -`. */
export function manifests({ part, output }: ManifestSettings): string {
  const text = TEXTS[part].join("---\n");
  if (output === "yaml") return text;
  const items = loadAll(text);
  const whole = items.length === 1 ? items[0] : { apiVersion: "v1", kind: "List", items };
  return `${JSON.stringify(whole, undefined, 2)}\n`;
}
