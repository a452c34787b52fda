/** Rules of Services. */
import { isIP } from "node:net";
import { duplicate, goJson, invalidValue, requiredValue } from "../schema/field_error.ts";
import type { ApiObject, Json, JsonObject } from "../object.ts";
import { dnsLabelProblems } from "../schema/object_names.ts";
import type { FieldError } from "../status_error.ts";
import { objectIn, objectsIn } from "./default_pod.ts";

const isPort = (value: Json | undefined) => typeof value === "number" && value >= 1 && value <= 65_535;
const BETWEEN = "must be between 1 and 65535, inclusive";

/** What is wrong with the name of a port (RFC 6335 service names, as texts of ports must be). */
function portNameProblems(name: string): string[] {
  if (name.length > 15) return ["must be no more than 15 characters"];
  if (!/^[-a-z0-9]+$/i.test(name)) return ["must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"];
  if (!/[a-z]/i.test(name)) return ["must contain at least one letter (a-z)"];
  if (name.includes("--")) return ["must not contain consecutive hyphens"];
  return /^-|-$/.test(name) ? ["must not begin or end with a hyphen"] : [];
}

function portErrors(port: JsonObject, field: string, alone: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const { name = "", targetPort = 0 } = port;
  if (name === "" && !alone) errors.push(requiredValue(`${field}.name`));
  else if (name !== "") {
    for (const problem of dnsLabelProblems(String(name))) errors.push(invalidValue(`${field}.name`, name, problem));
  }
  if (!isPort(port.port)) errors.push(invalidValue(`${field}.port`, port.port ?? 0, BETWEEN));
  if (typeof targetPort === "string") {
    for (const problem of portNameProblems(targetPort)) {
      errors.push(invalidValue(`${field}.targetPort`, targetPort, problem));
    }
  } else if (!isPort(targetPort)) errors.push(invalidValue(`${field}.targetPort`, targetPort, BETWEEN));
  return errors;
}

/** A port that is there twice, as the texts show its Go value. */
function shownPort({ protocol, port }: JsonObject): JsonObject {
  return { Name: "", Protocol: protocol!, AppProtocol: null, Port: port!, TargetPort: 0, NodePort: 0 };
}

function portsErrors(ports: readonly JsonObject[]): FieldError[] {
  const names = new Set<Json>();
  const seen = new Set<string>();
  return ports.flatMap((port, index) => {
    const field = `spec.ports[${index}]`;
    const errors = portErrors(port, field, ports.length === 1);
    const { name } = port;
    if (typeof name === "string" && name !== "" && names.has(name)) errors.push(duplicate(`${field}.name`, name));
    names.add(name ?? "");
    const key = `${port.protocol} ${port.port}`;
    if (seen.has(key)) {
      const message = `Duplicate value: ${JSON.stringify(shownPort(port))}`;
      errors.push({ reason: "FieldValueDuplicate", field, message });
    }
    seen.add(key);
    return errors;
  });
}

function addressErrors(spec: JsonObject, before: ApiObject | undefined): FieldError[] {
  const field = "spec.clusterIPs[0]";
  const { clusterIPs } = spec;
  const [address] = Array.isArray(clusterIPs) ? clusterIPs : [];
  if (typeof address !== "string") return [];
  const was = before === undefined ? undefined : objectIn({ ...before }, "spec").clusterIPs;
  if (Array.isArray(was) && was[0] !== address) {
    const message = `Invalid value: ${goJson(clusterIPs!)}: may not change once set`;
    return [{ reason: "FieldValueInvalid", field, message }];
  }
  if (address === "None" || isIP(address) !== 0) return [];
  return [invalidValue(field, address, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")];
}

/** What is wrong with a Service. */
export function validateService(service: ApiObject, before?: ApiObject): FieldError[] {
  const spec = objectIn({ ...service }, "spec");
  const ports = objectsIn(spec, "ports");
  const errors = portsErrors(ports);
  if (spec.type === "ExternalName") {
    if ((spec.externalName ?? "") === "") errors.push(requiredValue("spec.externalName"));
    return errors;
  }
  if (ports.length === 0 && spec.clusterIP !== "None") errors.unshift(requiredValue("spec.ports"));
  return [...errors, ...addressErrors(spec, before)];
}
