/** The columns of `kubectl get` for built-in kinds. */
import { ageOf } from "../../../base/age.ts";
import type { PrinterColumn } from "../kind.ts";
import { type ApiObject, isJsonObject, type Json, type JsonObject } from "../object.ts";

type Cell = (object: ApiObject, nowMs: number) => Json;
/** Name, wide ones with a star, and what is in it. */
type Column = readonly [name: string, cell: Cell];

/** A field below others; undefined where one of them is missing. */
function at(value: Json | undefined, ...fields: readonly string[]): Json | undefined {
  let found = value;
  for (const field of fields) found = isJsonObject(found) ? found[field] : undefined;
  return found;
}
const text = (value: Json | undefined, absent = "") => typeof value === "string" && value !== "" ? value : absent;
const number = (value: Json | undefined) => typeof value === "number" ? value : 0;
const list = (value: Json | undefined): Json[] => Array.isArray(value) ? value : [];
const count = (value: Json | undefined) => isJsonObject(value) ? Object.keys(value).length : 0;
const NONE = "<none>";

const name: Column = ["Name", ({ metadata }) => metadata.name];
const age: Column = ["Age", ({ metadata }, nowMs) => ageOf(metadata["creationTimestamp"], nowMs)];

function labels(value: Json | undefined): string {
  const pairs = isJsonObject(value) ? Object.entries(value).map(([key, of]) => `${key}=${of}`) : [];
  return pairs.sort().join(",") || NONE;
}

function requirement(value: Json): string {
  const key = text(at(value, "key"));
  const values = list(at(value, "values")).map(String).sort().join(",");
  const operator = text(at(value, "operator"));
  if (operator === "Exists") return key;
  if (operator === "DoesNotExist") return `!${key}`;
  return `${key} ${operator === "In" ? "in" : "notin"} (${values})`;
}

/** A label selector in one line, by key. */
function selector(value: Json | undefined): string {
  const matches = at(value, "matchLabels");
  const parts: [string, string][] = isJsonObject(matches)
    ? Object.entries(matches).map(([key, of]) => [key, `${key}=${of}`])
    : [];
  for (const one of list(at(value, "matchExpressions"))) parts.push([text(at(one, "key")), requirement(one)]);
  return parts.length === 0
    ? NONE
    : parts.sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0).map(([, part]) => part).join(",");
}

function nodeStatus(node: ApiObject): string {
  const ready = list(at(node, "status", "conditions")).findLast((one) => at(one, "type") === "Ready");
  const status = ready === undefined ? "Unknown" : at(ready, "status") === "True" ? "Ready" : "NotReady";
  return at(node, "spec", "unschedulable") === true ? `${status},SchedulingDisabled` : status;
}

function nodeRoles(node: ApiObject): string {
  const roles = new Set<string>();
  const prefix = "node-role.kubernetes.io/";
  for (const [key, value] of Object.entries((node.metadata["labels"] ?? {}) as JsonObject)) {
    if (key.startsWith(prefix) && key !== prefix) roles.add(key.slice(prefix.length));
    else if (key === "kubernetes.io/role" && value !== "") roles.add(String(value));
  }
  return [...roles].sort().join(",") || NONE;
}

const address = (node: ApiObject, type: string) =>
  text(at(list(at(node, "status", "addresses")).find((one) => at(one, "type") === type), "address"), NONE);
const nodeInfo = (field: string, absent: string): Cell => (node) => text(at(node, "status", "nodeInfo", field), absent);

function externalIp({ spec, status }: ApiObject): string {
  const own = list(at(spec, "externalIPs")).map(String);
  switch (text(at(spec, "type"))) {
    case "ClusterIP":
    case "NodePort":
      return own.join(",") || NONE;
    case "LoadBalancer": {
      const ingress = list(at(status, "loadBalancer", "ingress")).map((one) =>
        text(at(one, "ip")) || text(at(one, "hostname"))
      );
      return [...[...new Set(ingress.filter((one) => one !== ""))].sort(), ...own].join(",") || "<pending>";
    }
    case "ExternalName":
      return text(at(spec, "externalName"));
    default:
      return "<unknown>";
  }
}

function port(value: Json): string {
  const nodePort = number(at(value, "nodePort"));
  return `${number(at(value, "port"))}${nodePort > 0 ? `:${nodePort}` : ""}/${text(at(value, "protocol"))}`;
}

const containers = (object: ApiObject, field: string) =>
  list(at(object["spec"], "template", "spec", "containers")).map((one) => text(at(one, field))).join(",");

const firstSeen: Cell = (event, nowMs) => ageOf(text(event["firstTimestamp"]) || event["eventTime"], nowMs);
function lastSeen(event: ApiObject, nowMs: number): string {
  const series = at(event, "series", "lastObservedTime");
  if (isJsonObject(event["series"])) return ageOf(series, nowMs);
  const last = text(event["lastTimestamp"]);
  return last === "" ? String(firstSeen(event, nowMs)) : ageOf(last, nowMs);
}
function eventObject({ involvedObject }: ApiObject): string {
  const kind = text(at(involvedObject, "kind")).toLowerCase();
  const of = text(at(involvedObject, "name"));
  return of === "" ? kind : `${kind}/${of}`;
}
function eventSource(event: ApiObject): string {
  const component = text(at(event, "source", "component")) || text(event["reportingComponent"]);
  const instance = text(at(event, "source", "host")) || text(event["reportingInstance"]);
  return instance === "" ? component : `${component}, ${instance}`;
}
function eventCount(event: ApiObject): number {
  if (isJsonObject(event["series"])) return number(at(event, "series", "count"));
  return number(event["count"]) || 1;
}

const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  ConfigMap: [name, ["Data", ({ data, binaryData }) => count(data) + count(binaryData)], age],
  Event: [
    ["Last Seen", lastSeen],
    ["Type", ({ type }) => text(type)],
    ["Reason", ({ reason }) => text(reason)],
    ["Object", eventObject],
    ["Subobject*", ({ involvedObject }) => text(at(involvedObject, "fieldPath"))],
    ["Source*", eventSource],
    ["Message", ({ message }) => text(message).trim()],
    ["First Seen*", firstSeen],
    ["Count*", eventCount],
    ["Name*", ({ metadata }) => metadata.name],
  ],
  Namespace: [name, ["Status", ({ status }) => text(at(status, "phase"))], age],
  Node: [
    name,
    ["Status", nodeStatus],
    ["Roles", nodeRoles],
    age,
    ["Version", nodeInfo("kubeletVersion", "")],
    ["Internal-IP*", (node) => address(node, "InternalIP")],
    ["External-IP*", (node) => address(node, "ExternalIP")],
    ["OS-Image*", nodeInfo("osImage", "<unknown>")],
    ["Kernel-Version*", nodeInfo("kernelVersion", "<unknown>")],
    ["Container-Runtime*", nodeInfo("containerRuntimeVersion", "<unknown>")],
  ],
  Secret: [name, ["Type", ({ type }) => text(type)], ["Data", ({ data }) => count(data)], age],
  Service: [
    name,
    ["Type", ({ spec }) => text(at(spec, "type"))],
    ["Cluster-IP", ({ spec }) => text(list(at(spec, "clusterIPs"))[0], NONE)],
    ["External-IP", externalIp],
    ["Port(s)", ({ spec }) => list(at(spec, "ports")).map(port).join(",") || NONE],
    age,
    ["Selector*", ({ spec }) => labels(at(spec, "selector"))],
  ],
  ServiceAccount: [name, age],
  Deployment: [
    name,
    ["Ready", ({ spec, status }) => `${number(at(status, "readyReplicas"))}/${number(at(spec, "replicas"))}`],
    ["Up-to-date", ({ status }) => number(at(status, "updatedReplicas"))],
    ["Available", ({ status }) => number(at(status, "availableReplicas"))],
    age,
    ["Containers*", (object) => containers(object, "name")],
    ["Images*", (object) => containers(object, "image")],
    ["Selector*", ({ spec }) => selector(at(spec, "selector"))],
  ],
  Lease: [name, ["Holder", ({ spec }) => text(at(spec, "holderIdentity"))], age],
};

/** The columns of a built-in kind, as a table names them. */
export function columnsOf(kind: string): PrinterColumn[] {
  return (COLUMNS[kind] ?? []).map(([title]) => {
    const heading = title.replace("*", "");
    const format = heading === "Name" ? "name" : "";
    return { name: heading, type: "string", jsonPath: "", format, priority: heading === title ? 0 : 1 };
  });
}

/** The cells of one object of a built-in kind. */
export function builtInCells(kind: string, object: ApiObject, nowMs: number): Json[] {
  return (COLUMNS[kind] ?? []).map(([, cell]) => cell(object, nowMs));
}
