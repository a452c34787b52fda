/** What the real server fills in of a pod template. */
import { isJsonObject, type Json, type JsonObject } from "../object.ts";

/** The object in a field, made where it is absent. */
export function objectIn(parent: JsonObject, field: string): JsonObject {
  const found = parent[field];
  if (isJsonObject(found)) return found;
  return parent[field] = {};
}

/** The objects of a list. */
export function objectsIn(parent: JsonObject, field: string): JsonObject[] {
  const found = parent[field];
  return Array.isArray(found) ? found.filter(isJsonObject) : [];
}

/** Sets what is absent. */
export function setAbsent(object: JsonObject, defaults: JsonObject): void {
  for (const [field, value] of Object.entries(defaults)) object[field] ??= value;
}

/** An image without a tag, or with `latest`, is pulled always. */
function pullPolicy(image: Json | undefined): string {
  const name = typeof image === "string" ? image : "";
  if (name.includes("@")) return "IfNotPresent";
  const tag = /:([^:/]*)$/.exec(name)?.[1] ?? "latest";
  return tag === "latest" ? "Always" : "IfNotPresent";
}

function defaultHttpGet(handler: JsonObject): void {
  if (isJsonObject(handler.httpGet)) setAbsent(handler.httpGet, { path: "/", scheme: "HTTP" });
}

function defaultContainer(container: JsonObject): void {
  setAbsent(container, {
    resources: {},
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    imagePullPolicy: pullPolicy(container.image),
  });
  for (const port of objectsIn(container, "ports")) setAbsent(port, { protocol: "TCP" });
  for (const { valueFrom } of objectsIn(container, "env")) {
    if (isJsonObject(valueFrom) && isJsonObject(valueFrom.fieldRef)) {
      setAbsent(valueFrom.fieldRef, { apiVersion: "v1" });
    }
  }
  for (const name of ["livenessProbe", "readinessProbe", "startupProbe"]) {
    const probe = container[name];
    if (!isJsonObject(probe)) continue;
    setAbsent(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
    defaultHttpGet(probe);
  }
  const { lifecycle } = container;
  if (!isJsonObject(lifecycle)) return;
  for (const handler of Object.values(lifecycle)) if (isJsonObject(handler)) defaultHttpGet(handler);
}

const MODE = { defaultMode: 0o644 };

function defaultVolume(volume: JsonObject): void {
  for (const source of ["secret", "configMap", "downwardAPI", "projected"]) {
    const found = volume[source];
    if (isJsonObject(found)) setAbsent(found, MODE);
  }
  if (isJsonObject(volume.hostPath)) setAbsent(volume.hostPath, { type: "" });
  if (Object.keys(volume).every((field) => field === "name")) volume.emptyDir = {};
}

/** Sets what is absent in the spec of a pod template, in place. */
export function defaultPodSpec(spec: JsonObject): void {
  setAbsent(spec, {
    restartPolicy: "Always",
    terminationGracePeriodSeconds: 30,
    dnsPolicy: "ClusterFirst",
    securityContext: {},
    schedulerName: "default-scheduler",
  });
  // The older name of the field is kept beside the newer one.
  const account = spec.serviceAccountName ?? spec.serviceAccount;
  if (account !== undefined) setAbsent(spec, { serviceAccountName: account, serviceAccount: account });
  for (const container of [...objectsIn(spec, "initContainers"), ...objectsIn(spec, "containers")]) {
    defaultContainer(container);
  }
  for (const volume of objectsIn(spec, "volumes")) defaultVolume(volume);
}
