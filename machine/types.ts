/**
 * The Machine object (unbounded-cloud.io/v1alpha3) and what is read from it.
 * Objects come from the API as they are; {@link readMachine} converts them once, at the border.
 */
import { AddressError, parseHostIpv4, parseMac, parseMask } from "../base/address.ts";
import type { BootStatus } from "./boot_status.ts";

/** API group and version of Machine. */
export const MACHINE_API_VERSION = "unbounded-cloud.io/v1alpha3";
/** The label that assigns a Machine to a site. */
export const SITE_LABEL = "unbounded-cloud.io/site";

/** metav1.Condition. */
export interface Condition {
  /** One of conditions.ts, or another controller's. */
  type: string;
  /** Whether it holds. */
  status: "True" | "False" | "Unknown";
  /** For programs. */
  reason: string;
  /** For people. */
  message: string;
  /** metadata.generation that it was written for. */
  observedGeneration?: number;
  /** RFC 3339, whole seconds. */
  lastTransitionTime: string;
}

/** The counters of spec.operations and status.operations. */
export interface Operations {
  /** Reboots. */
  rebootCounter?: number;
  /** Installations. */
  repaveCounter?: number;
}

/** How often an installation was not done in time. */
export interface RepaveCount {
  /** The spec.operations.repaveCounter that it is for. */
  readonly counter: number;
  /** Tries that failed. */
  readonly attempts: number;
}

/** Status as stored; only what metalman writes is spelled out. */
export interface MachineStatus {
  /** What was carried out. */
  operations?: Operations;
  /** Of the latest installation; the peer's CRD drops it. */
  repave?: RepaveCount;
  /** The peer's CRD drops it. */
  boot?: BootStatus;
  /** One of each type. */
  conditions?: Condition[];
  /** Everything else. */
  [field: string]: unknown;
}

/** Metadata that is used here. */
export interface ObjectMeta {
  /** Unique in the cluster. */
  name: string;
  /** Of this very object; another after delete and create. */
  uid?: string;
  /** Grows with each change of spec. */
  generation?: number;
  /** Opaque; differs whenever the object does. */
  resourceVersion?: string;
  /** RFC 3339. */
  creationTimestamp?: string;
  /** RFC 3339; there while the object is being deleted. */
  deletionTimestamp?: string;
  /** What selectors look at. */
  labels?: Record<string, string>;
  /** What nobody selects by. */
  annotations?: Record<string, string>;
  /** Everything else. */
  [field: string]: unknown;
}

/** A Machine as the API holds it. Unknown fields are kept; spec is untrusted until {@link readMachine}. */
export interface MachineObject {
  /** {@link MACHINE_API_VERSION}. */
  apiVersion?: string;
  /** `Machine`. */
  kind?: string;
  /** Who it is. */
  metadata: ObjectMeta;
  /** What should be. */
  spec?: Record<string, unknown>;
  /** What is. */
  status?: MachineStatus;
}

/** A static lease, ready to be answered from. Addresses are unsigned 32-bit numbers. */
export interface DhcpLease {
  /** Canonical MAC address. */
  readonly mac: string;
  /** The address it is given. */
  readonly ipv4: number;
  /** Of its network. */
  readonly subnetMask: number;
  /** Absent when the Machine names none. */
  readonly gateway?: number;
  /** Name servers, none or more. */
  readonly dns: readonly number[];
}

/** An object in a namespace, and a key of its data where it has one. */
export interface ObjectKeyRef {
  /** metadata.name. */
  readonly name: string;
  /** Its namespace. */
  readonly namespace: string;
  /** Of its data. */
  readonly key: string;
}

/** A Machine's BMC, as its spec names it. */
export interface RedfishSpec {
  /** `https://`, host and port. */
  readonly url: string;
  /** Who logs in. */
  readonly username: string;
  /** Which of the BMC's systems; absent is `1` (contract 1). */
  readonly deviceId: string;
  /** The Secret's key; absent is `password`, as README says. */
  readonly passwordRef: ObjectKeyRef;
  /** How the machine boots from the network. */
  readonly bootTarget: "Pxe" | "UefiHttp";
}

/** What metalman needs of a Machine. */
export interface Machine {
  /** metadata.name. */
  readonly name: string;
  /** metadata.uid. */
  readonly uid: string;
  /** metadata.creationTimestamp in milliseconds: of two claims to an address the older wins. */
  readonly createdMs: number;
  /** metadata.generation. */
  readonly generation: number;
  /** The valid leases; the others are in {@link MachineReading.problems}. */
  readonly leases: readonly DhcpLease[];
  /** spec.pxe.image, not validated as a reference. */
  readonly image?: string;
  /** spec.pxe.imagePullSecretRef. */
  readonly imagePullSecret?: Omit<ObjectKeyRef, "key">;
  /** spec.pxe.cloudInit.userDataConfigMapRef; key defaults to user-data. */
  readonly userData?: ObjectKeyRef;
  /** spec.pxe.redfish; absent too where it cannot be used. */
  readonly redfish?: RedfishSpec;
  /** status.redfish.certFingerprint in lower case: the only certificate that the BMC may show. */
  readonly pin?: string;
  /** spec.operations; absent counters are 0 (contract 11.6). */
  readonly wanted: Required<Operations>;
  /** status.operations; absent counters are 0. */
  readonly done: Required<Operations>;
  /** The whole object, for templates and status writes. */
  readonly object: MachineObject;
}

/** A field of a Machine that cannot be used. */
export interface FieldProblem {
  /** `spec.pxe.dhcpLeases[0].mac`. */
  readonly field: string;
  /** What is wrong and what would be right. */
  readonly message: string;
}

/** A Machine and what is wrong with its fields: the rest of it is still served. */
export interface MachineReading {
  /** What can be used of it. */
  readonly machine: Machine;
  /** What cannot. */
  readonly problems: readonly FieldProblem[];
}

type Json = Record<string, unknown>;
const record = (value: unknown): Json => typeof value === "object" && value !== null ? value as Json : {};
const text = (value: unknown): string | undefined => typeof value === "string" && value !== "" ? value : undefined;

function counters(value: unknown): Required<Operations> {
  const { rebootCounter, repaveCounter } = record(value);
  return {
    rebootCounter: typeof rebootCounter === "number" ? rebootCounter : 0,
    repaveCounter: typeof repaveCounter === "number" ? repaveCounter : 0,
  };
}

/** Reads one lease; throws AddressError prefixed with nothing: the caller adds the field. */
function readLease(value: unknown, at: string, problems: FieldProblem[]): DhcpLease | undefined {
  const raw = record(value);
  const problemsBefore = problems.length;
  const field = <T>(name: string, parse: (text: string) => T, input: unknown = raw[name]): T | undefined => {
    try {
      return parse(typeof input === "string" ? input : String(input ?? ""));
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      problems.push({ field: `${at}.${name}`, message: error.message });
    }
  };
  const mac = field("mac", parseMac);
  const ipv4 = field("ipv4", parseHostIpv4);
  const subnetMask = field("subnetMask", parseMask);
  const gateway = text(raw.gateway) === undefined ? undefined : field("gateway", parseHostIpv4);
  const dns = Array.isArray(raw.dns) ? raw.dns.map((entry, i) => field(`dns[${i}]`, parseHostIpv4, entry)) : [];
  if (problems.length > problemsBefore || mac === undefined || ipv4 === undefined || subnetMask === undefined) return;
  return { mac, ipv4, subnetMask, ...(gateway === undefined ? {} : { gateway }), dns: dns as number[] };
}

/** The URL of a BMC, or what is wrong with it. The password is sent there, so it is https. */
function bmcUrl(value: string): string | { readonly problem: string } {
  const problem = (what: string) => ({ problem: `${what}; want a URL such as https://10.0.10.11` });
  if (!URL.canParse(value)) return problem(`"${value}" is not a URL`);
  const url = new URL(value);
  // Not shown: what stands there may be a password.
  if (url.username !== "" || url.password !== "") return problem("user and password do not belong into the URL");
  if (url.protocol !== "https:") return problem(`"${value}" is not https`);
  const isBare = /^\/*$|^\/redfish(\/v1)?\/*$/.test(url.pathname) && url.search === "" && url.hash === "";
  return isBare ? url.origin : problem(`"${value}" goes on after the host and its port`);
}

/** Reads spec.pxe.redfish: all of it, or none and why. */
function readRedfish(value: unknown, problems: FieldProblem[]): RedfishSpec | undefined {
  if (value === undefined || value === null) return;
  const raw = record(value);
  const problemsBefore = problems.length;
  const at = "spec.pxe.redfish";
  const required = (owner: Json, name: string, field: string): string => {
    const found = text(owner[name]);
    if (found === undefined) problems.push({ field: `${at}.${field}`, message: "is missing or not a text" });
    return found ?? "";
  };
  const given = required(raw, "url", "url");
  const url = given === "" ? given : bmcUrl(given);
  if (typeof url !== "string") problems.push({ field: `${at}.url`, message: url.problem });
  const ref = record(raw.passwordRef);
  const passwordRef = {
    name: required(ref, "name", "passwordRef.name"),
    namespace: required(ref, "namespace", "passwordRef.namespace"),
    key: text(ref.key) ?? "password",
  };
  const username = required(raw, "username", "username");
  const bootTarget = raw.bootTarget ?? "Pxe";
  if (bootTarget !== "Pxe" && bootTarget !== "UefiHttp") {
    problems.push({ field: `${at}.bootTarget`, message: `"${bootTarget}" is neither Pxe nor UefiHttp` });
    return;
  }
  if (problems.length > problemsBefore || typeof url !== "string") return;
  return { url, username, deviceId: text(raw.deviceID) ?? "1", passwordRef, bootTarget };
}

/**
 * Converts an object of the API. Nothing in it is trusted: what cannot be read becomes a problem
 * that names its field, and the rest is used.
 */
export function readMachine(object: MachineObject): MachineReading {
  const problems: FieldProblem[] = [];
  const pxe = record(record(object.spec).pxe);
  const leases = (Array.isArray(pxe.dhcpLeases) ? pxe.dhcpLeases : [])
    .map((lease, i) => readLease(lease, `spec.pxe.dhcpLeases[${i}]`, problems))
    .filter((lease) => lease !== undefined);
  const secret = record(pxe.imagePullSecretRef);
  const userData = record(record(pxe.cloudInit).userDataConfigMapRef);
  const image = text(pxe.image);
  const redfish = readRedfish(pxe.redfish, problems);
  const pin = text(record(record(object.status).redfish).certFingerprint)?.toLowerCase();
  const machine: Machine = {
    name: object.metadata.name,
    uid: object.metadata.uid ?? "",
    createdMs: Date.parse(object.metadata.creationTimestamp ?? "") || 0,
    generation: object.metadata.generation ?? 0,
    leases,
    ...(image === undefined ? {} : { image }),
    ...(text(secret.name) && text(secret.namespace)
      ? { imagePullSecret: { name: secret.name as string, namespace: secret.namespace as string } }
      : {}),
    ...(text(userData.name) && text(userData.namespace)
      ? {
        userData: {
          name: userData.name as string,
          namespace: userData.namespace as string,
          key: text(userData.key) ?? "user-data",
        },
      }
      : {}),
    ...(redfish === undefined ? {} : { redfish }),
    ...(pin === undefined ? {} : { pin }),
    wanted: counters(record(object.spec).operations),
    done: counters(object.status?.operations),
    object,
  };
  return { machine, problems };
}
