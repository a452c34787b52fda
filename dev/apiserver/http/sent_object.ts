/** Whether an object that was sent is one for the resource of the path. */
import { apiVersionOf, type Kind } from "../kind.ts";
import { type ApiObject, isJsonObject, type Json, type JsonObject } from "../object.ts";
import { goTypeName } from "../patch/json_value.ts";
import type { SentObject } from "./request_body.ts";
import { badRequest, invalid } from "../status_error.ts";

/** What the path says of the object. */
export interface Expected {
  readonly kind: Pick<Kind, "group" | "version" | "kind" | "builtIn" | "namespaced">;
  /** Of the path. */
  readonly namespace?: string;
  /** Of the path; absent where an object is created. */
  readonly name?: string;
}

/** The scheme of the real server, as its texts name it. */
const SCHEME = 'scheme "pkg/runtime/scheme.go:111"';

/** A built-in kind is complete without apiVersion and kind: the path says them. */
function checkBuiltIn(kind: Expected["kind"], object: JsonObject, known: readonly Kind[]): void {
  const sentVersion = object.apiVersion || apiVersionOf(kind);
  const sentKind = object.kind || kind.kind;
  if (sentVersion === apiVersionOf(kind) && sentKind === kind.kind) return;
  const version = String(sentVersion).split("/").pop();
  const text = `${sentKind} in version ${JSON.stringify(version)} cannot be handled as a ${kind.kind}: `;
  const other = known.find((one) => one.builtIn && one.kind === sentKind && apiVersionOf(one) === sentVersion);
  if (other === undefined) {
    throw badRequest(`${text}no kind "${sentKind}" is registered for version "${sentVersion}" in ${SCHEME}`);
  }
  const goPackage = kind.group === "" ? "core" : kind.group.split(".")[0];
  throw badRequest(
    `${text}converting (${other.version}.${other.kind}) to (${goPackage}.${kind.kind}): unknown conversion`,
  );
}

/** A custom resource says what it is; whether it is of the right kind, the real server looks at last. */
function checkCustomVersion(kind: Expected["kind"], { object, shown }: SentObject): void {
  if (!object.kind) {
    const text = `Object 'Kind' is missing in '${JSON.stringify(object)}' (${shown})`;
    throw badRequest(`the object provided is unrecognized (must be of type ${kind.kind}): ${text}`);
  }
  const version = apiVersionOf(kind);
  if (object.apiVersion !== version) {
    const sent = object.apiVersion ?? "";
    throw badRequest(`the API version in the data (${sent}) does not match the expected API version (${version})`);
  }
}

function checkCustomKind(kind: Expected["kind"], object: JsonObject): void {
  if (object.kind === kind.kind) return;
  const { name } = isJsonObject(object.metadata) ? object.metadata : {};
  const message = `Invalid value: "${object.kind}": must be ${kind.kind}`;
  const sentKind = { group: kind.group, kind: String(object.kind) };
  throw invalid(sentKind, typeof name === "string" ? name : "", [
    { reason: "FieldValueInvalid", field: "kind", message },
  ]);
}

/** Fields of metadata by the type that Go gives them. */
const METADATA: Readonly<Record<string, string>> = {
  name: "string",
  generateName: "string",
  namespace: "string",
  selfLink: "string",
  uid: "types.UID",
  resourceVersion: "string",
  generation: "int64",
  deletionGracePeriodSeconds: "int64",
  labels: "map[string]string",
  annotations: "map[string]string",
  finalizers: "[]string",
  ownerReferences: "[]v1.OwnerReference",
  managedFields: "[]v1.ManagedFieldsEntry",
};

/** The value that is not of the type, and the type it should have; undefined when all are. */
function mistyped(value: Json, type: string): [Json, string] | undefined {
  if (value === null) return undefined;
  const list = /^\[\](.*)/.exec(type)?.[1];
  if (type === "map[string]string") {
    if (!isJsonObject(value)) return [value, type];
    return Object.values(value).map((one) => mistyped(one, "string")).find((found) => found !== undefined);
  }
  if (list !== undefined) {
    if (!Array.isArray(value)) return [value, type];
    return value.map((one) => mistyped(one, list)).find((found) => found !== undefined);
  }
  if (type === "int64") return Number.isInteger(value) ? undefined : [value, type];
  if (type.startsWith("v1.")) return isJsonObject(value) ? undefined : [value, type];
  return typeof value === "string" ? undefined : [value, type];
}

/** metadata, with every field that the server reads of the type it reads. */
function readMetadata({ kind, version, builtIn }: Expected["kind"], metadata: Json): JsonObject {
  const refuse = (value: Json, where: string, type: string) => {
    const what = goTypeName(value);
    const shown = what === "number" && type === "int64" ? `number ${value}` : what;
    const text = `${kind} in version "${version}" cannot be handled as a ${kind}: json: cannot unmarshal ${shown} into`;
    return badRequest(`${text} Go ${where} of type ${type}`);
  };
  if (metadata === null) return {};
  if (!isJsonObject(metadata)) {
    throw refuse(metadata, builtIn ? `struct field ${kind}.metadata` : "value", "v1.ObjectMeta");
  }
  const path = builtIn ? "ObjectMeta.metadata" : "ObjectMeta";
  for (const [field, type] of Object.entries(METADATA)) {
    const wrong = mistyped(metadata[field] ?? null, type);
    if (wrong !== undefined) throw refuse(wrong[0], `struct field ${path}.${field}`, wrong[1]);
  }
  for (const field of ["creationTimestamp", "deletionTimestamp"]) {
    const time = metadata[field] ?? null;
    if (time === null || typeof time === "string" && !Number.isNaN(Date.parse(time))) continue;
    if (typeof time !== "string") throw refuse(time, `struct field ${path}.${field}`, "v1.Time");
    const shown = JSON.stringify(time);
    const why = `parsing time ${shown} as "2006-01-02T15:04:05Z07:00": cannot parse ${shown} as "2006"`;
    throw badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
  }
  return metadata;
}

/**
 * The object, complete with apiVersion, kind and metadata.
 * @param known all kinds served: another one of them is refused in other words than a stranger
 * @throws {StatusError} 400 or 422 when it is of another kind, or not the one of the path
 */
export function checkSentObject(expected: Expected, sent: SentObject, known: readonly Kind[]): ApiObject {
  const { kind, namespace, name } = expected;
  if (kind.builtIn) checkBuiltIn(kind, sent.object, known);
  else checkCustomVersion(kind, sent);
  const metadata = readMetadata(kind, sent.object.metadata ?? null);
  if (kind.namespaced && (metadata.namespace ?? "") !== "" && metadata.namespace !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  if (name !== undefined) checkName(name, metadata.name ?? "");
  if (!kind.builtIn) checkCustomKind(kind, sent.object);
  return {
    ...sent.object,
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: metadata as ApiObject["metadata"],
  };
}

function checkName(name: string, sent: Json): void {
  if (sent === name) return;
  throw badRequest(
    sent === ""
      ? `the name of the object (${name} based on URL) was undeterminable: name must be provided`
      : `the name of the object (${sent}) does not match the name on the URL (${name})`,
  );
}
