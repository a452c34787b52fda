/** What the real server fills in of built-in kinds, as far as people see it. */
import type { Kind } from "../kind.ts";
import { type ApiObject, isJsonObject, type JsonObject } from "../object.ts";
import { defaultPodSpec, objectIn, objectsIn, setAbsent } from "./default_pod.ts";

/** A number below `below` that a text always gives (FNV-1a). */
function hash(text: string, below: number): number {
  let value = 0x811c9dc5;
  for (const char of text) value = Math.imul(value ^ char.charCodeAt(0), 0x01000193) >>> 0;
  return value % below;
}

/** Of 10.96.0.0/16, which clusters made by kubeadm use; the same for the same Service, so that it stays. */
function clusterIp({ metadata }: ApiObject): string {
  const number = 256 + hash(`${metadata["namespace"]}/${metadata.name}`, 65_000);
  return `10.96.${number >> 8}.${number & 255}`;
}

function defaultService(service: ApiObject): void {
  const spec = objectIn(service, "spec");
  setAbsent(spec, { sessionAffinity: "None", type: "ClusterIP" });
  const { type, clusterIP } = spec;
  const balanced = type === "LoadBalancer";
  const published = balanced || type === "NodePort";
  for (const port of objectsIn(spec, "ports")) {
    setAbsent(port, { protocol: "TCP" });
    port.targetPort ||= port.port ?? 0;
    if (published) port.nodePort ??= 30_000 + hash(`${service.metadata.name}:${port.name}:${port.port}`, 2768);
  }
  if (spec.sessionAffinity === "ClientIP") {
    setAbsent(objectIn(objectIn(spec, "sessionAffinityConfig"), "clientIP"), { timeoutSeconds: 10_800 });
  }
  if (type === "ExternalName") return;
  setAbsent(spec, { internalTrafficPolicy: "Cluster" });
  if (published) setAbsent(spec, { externalTrafficPolicy: "Cluster" });
  if (balanced) setAbsent(spec, { allocateLoadBalancerNodePorts: true });
  if (clusterIP === undefined || clusterIP === "") spec.clusterIP = clusterIp(service);
  setAbsent(spec, { clusterIPs: [spec.clusterIP!] });
  const selected = Object.keys(objectIn({ ...spec }, "selector")).length > 0;
  const families = spec.clusterIP !== "None" || selected
    ? { ipFamilies: ["IPv4"], ipFamilyPolicy: "SingleStack" }
    : { ipFamilies: ["IPv4", "IPv6"], ipFamilyPolicy: "RequireDualStack" };
  setAbsent(spec, families);
}

function defaultDeployment(deployment: ApiObject): void {
  const spec = objectIn(deployment, "spec");
  setAbsent(spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 });
  const strategy = objectIn(spec, "strategy");
  setAbsent(strategy, { type: "RollingUpdate" });
  if (strategy.type === "RollingUpdate") {
    setAbsent(objectIn(strategy, "rollingUpdate"), { maxUnavailable: "25%", maxSurge: "25%" });
  }
  const template = objectIn(spec, "template");
  objectIn(template, "metadata");
  defaultPodSpec(objectIn(template, "spec"));
}

/** Fields that an Event always has, in whatever way it is written. */
function defaultEvent(event: ApiObject): void {
  setAbsent(event, { involvedObject: {}, source: {}, reportingComponent: "", reportingInstance: "" });
  for (const time of ["firstTimestamp", "lastTimestamp", "eventTime"]) event[time] ??= null;
}

function defaultNode(node: ApiObject): void {
  objectIn(node, "spec");
  const status = objectIn(node, "status");
  if (status.capacity !== undefined) setAbsent(status, { allocatable: structuredClone(status.capacity) });
  setAbsent(objectIn(objectIn(status, "daemonEndpoints"), "kubeletEndpoint"), { Port: 0 });
  setAbsent(objectIn(status, "nodeInfo"), NODE_INFO);
  nullTimes(status, ["lastHeartbeatTime", "lastTransitionTime"]);
}

/** Times that conditions always have, null where nobody said. */
function nullTimes(status: JsonObject, times: readonly string[]): void {
  for (const condition of objectsIn(status, "conditions")) {
    for (const time of times) condition[time] ??= null;
  }
}

const NODE_INFO: JsonObject = Object.fromEntries(
  [
    "machineID",
    "systemUUID",
    "bootID",
    "kernelVersion",
    "osImage",
    "containerRuntimeVersion",
    "kubeletVersion",
    "kubeProxyVersion",
    "operatingSystem",
    "architecture",
  ].map((field) => [field, ""]),
);

/** Data in base64 is stored without line ends, and null as nothing. */
function tidyBytes(object: ApiObject, field: string): void {
  const data = object[field];
  if (!isJsonObject(data)) return;
  for (const [key, value] of Object.entries(data)) data[key] = String(value ?? "").replace(/[\r\n]/g, "");
}

const DEFAULTS: Readonly<Record<string, (object: ApiObject) => void>> = {
  Secret: (secret) => {
    setAbsent(secret, { type: "Opaque" });
    tidyBytes(secret, "data");
  },
  ConfigMap: (map) => tidyBytes(map, "binaryData"),
  Service: defaultService,
  Deployment: defaultDeployment,
  Event: defaultEvent,
  Node: defaultNode,
};

/** Sets what is absent from an object of a built-in kind, in place. */
export function defaultKind(kind: Kind, object: ApiObject): void {
  if (kind.builtIn) DEFAULTS[kind.kind]?.(object);
}
