/** Rules of ConfigMaps and Secrets. */
import { forbidden, goJson, invalidValue, requiredValue, wrong } from "../schema/field_error.ts";
import { jsonProblem } from "../http/go_json.ts";
import { type ApiObject, isJsonObject, type Json, type JsonObject } from "../object.ts";
import type { FieldError } from "../status_error.ts";

/** What all values of an object may hold together, in bytes. */
const MAX_DATA = 1024 * 1024;
const KEY = /^[-._a-zA-Z0-9]+$/;
const BAD_KEY =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or " +
  "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

const fieldsOf = (value: Json | undefined): JsonObject => isJsonObject(value) ? value : {};

function keyProblems(key: string): string[] {
  const found = key.length > 253 ? ["must be no more than 253 characters"] : [];
  if (!KEY.test(key)) found.push(BAD_KEY);
  if (key === "." || key === "..") found.push(`must not be '${key}'`);
  else if (key.startsWith("..")) found.push("must not start with '..'");
  return found;
}

function keyErrors(data: JsonObject, field: string): FieldError[] {
  return Object.keys(data).flatMap((key) =>
    keyProblems(key).map((problem) => invalidValue(`${field}[${key}]`, key, problem))
  );
}

const textBytes = (data: JsonObject) =>
  Object.values(data).reduce<number>((sum, value) => sum + new TextEncoder().encode(String(value)).length, 0);
const decodedBytes = (data: JsonObject) =>
  Object.values(data).reduce<number>(
    (sum, value) => sum + Math.floor(String(value).replace(/=+$/, "").length * 3 / 4),
    0,
  );
const tooMuch = (field: string): FieldError => ({
  reason: "FieldValueTooLong",
  field,
  message: `Too long: may not be more than ${MAX_DATA} bytes`,
});

/** What an immutable one must keep. */
function immutableErrors(before: ApiObject | undefined, after: ApiObject, fields: readonly string[]): FieldError[] {
  if (before?.["immutable"] !== true) return [];
  const detail = "field is immutable when `immutable` is set";
  const errors = after["immutable"] === true ? [] : [forbidden("immutable", detail)];
  for (const field of fields) {
    if (goJson(fieldsOf(before[field])) !== goJson(fieldsOf(after[field]))) errors.push(forbidden(field, detail));
  }
  return errors;
}

/** What is wrong with a ConfigMap. */
export function validateConfigMap(map: ApiObject, before?: ApiObject): FieldError[] {
  const [data, binary] = [fieldsOf(map["data"]), fieldsOf(map["binaryData"])];
  const twice = Object.keys(data).filter((key) => Object.hasOwn(binary, key));
  return [
    ...immutableErrors(before, map, ["data", "binaryData"]),
    ...keyErrors(data, "data"),
    ...twice.map((key) => invalidValue(`data[${key}]`, key, "duplicate of key present in binaryData")),
    ...keyErrors(binary, "binaryData"),
    ...(textBytes(data) + decodedBytes(binary) > MAX_DATA ? [tooMuch("[]")] : []),
  ];
}

/** Keys that secrets of a type must have; of basic authentication one is enough. */
const REQUIRED_KEYS: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/basic-auth": ["username", "password"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
};
const ACCOUNT = "kubernetes.io/service-account.name";

function typeErrors(type: string, data: JsonObject, annotations: JsonObject): FieldError[] {
  const required = REQUIRED_KEYS[type] ?? [];
  const absent = required.filter((key) => !Object.hasOwn(data, key));
  if (type === "kubernetes.io/basic-auth" && absent.length < required.length) return [];
  const errors = absent.map((key) => requiredValue(`data[${key}]`));
  if (type === "kubernetes.io/service-account-token" && (annotations[ACCOUNT] ?? "") === "") {
    errors.push(requiredValue(`metadata.annotations[${ACCOUNT}]`));
  }
  for (const key of required) {
    if (!key.startsWith(".docker") || !Object.hasOwn(data, key)) continue;
    const problem = jsonProblem(Uint8Array.fromBase64(String(data[key])));
    if (problem !== undefined) errors.push(invalidValue(`data[${key}]`, "<secret contents redacted>", problem));
  }
  return errors;
}

/** What is wrong with a Secret; its data is base64 already. */
export function validateSecret(secret: ApiObject, before?: ApiObject): FieldError[] {
  const data = fieldsOf(secret["data"]);
  const type = String(secret["type"] ?? "");
  const changed = before !== undefined && (before["type"] ?? "") !== type
    ? [wrong("FieldValueInvalid", "type", type, "field is immutable")]
    : [];
  return [
    ...changed,
    ...immutableErrors(before, secret, ["data"]),
    ...keyErrors(data, "data"),
    ...(decodedBytes(data) > MAX_DATA ? [tooMuch("data")] : []),
    ...typeErrors(type, data, fieldsOf(secret.metadata["annotations"])),
  ];
}
