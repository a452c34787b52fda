/** Bodies of requests: from bytes to JSON, refused in the words of Kubernetes where they cannot be. */
import { load, YAMLException } from "js-yaml";
import { jsonProblem } from "./go_json.ts";
import { isJsonObject, type Json, type JsonObject } from "../object.ts";
import type { Kind } from "../kind.ts";
import { parseMediaType } from "./media_type.ts";
import { goTypeName } from "../patch/json_value.ts";
import { openEnvelope, ProtobufError, readMessage } from "./protobuf.ts";
import { MESSAGES } from "./protobuf_kinds.ts";
import { unsupportedMediaType } from "./refusals.ts";
import { badRequest, StatusError } from "../status_error.ts";

/** A body as it came. */
export interface RawBody {
  /** At most as many as the server reads. */
  readonly bytes: Uint8Array;
  /** The header, if any. */
  readonly contentType: string | null;
}

/** What POST, PUT and DELETE may send. */
const OBJECT_TYPES = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
const PATCH_TYPES = ["application/json-patch+json", "application/merge-patch+json"];
const STRATEGIC = "application/strategic-merge-patch+json";
const APPLY = "application/apply-patch+yaml";
/** No object of the API is nested nearly as deeply, and code that follows the nesting has a stack. */
const MAX_DEPTH = 250;
const YAML_LIMITS = { maxAliases: 16, maxDepth: MAX_DEPTH } as const;
/** Of Go: how much of a body an error repeats. */
const SHOWN_BYTES = 30;

/** The body is not what it says. */
class UnreadableBody extends Error {
  override name = "UnreadableBody";
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Refuses what JSON of the API never has, and what would be trouble further on. */
function checkTree(value: Json, depth = 0): void {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new UnreadableBody("json: unsupported value: numbers must be finite");
  }
  if (typeof value !== "object" || value === null) return;
  if (depth > MAX_DEPTH) throw new UnreadableBody("exceeded max depth");
  if (Object.hasOwn(value, "__proto__")) throw new UnreadableBody('json: unsupported field "__proto__"');
  for (const member of Array.isArray(value) ? value : Object.values(value)) checkTree(member, depth + 1);
}

function fromJson(bytes: Uint8Array): Json {
  let value: Json;
  try {
    value = JSON.parse(decoder.decode(bytes)) as Json;
  } catch (error) {
    throw new UnreadableBody(jsonProblem(bytes) ?? "invalid JSON", { cause: error });
  }
  checkTree(value);
  return value;
}

function fromYaml(bytes: Uint8Array): Json {
  try {
    const value = load(decoder.decode(bytes), YAML_LIMITS) as Json;
    checkTree(value);
    return value;
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const line = error.mark === undefined ? "" : `line ${error.mark.line + 1}: `;
    throw new UnreadableBody(`yaml: ${line}${error.reason}`, { cause: error });
  }
}

function fromProtobuf(bytes: Uint8Array): JsonObject {
  try {
    const { apiVersion, kind, raw } = openEnvelope(bytes);
    const message = MESSAGES.get(`${apiVersion}, Kind=${kind}`);
    if (message === undefined) throw new ProtobufError(`${apiVersion} ${kind} is not read as protobuf: send JSON`);
    const object: JsonObject = { ...readMessage(raw, message), apiVersion, kind };
    checkTree(object);
    return object;
  } catch (error) {
    throw error instanceof ProtobufError ? new UnreadableBody(error.message, { cause: error }) : error;
  }
}

/** As Go's errors show a body: the beginning of it, as hexadecimal digits when it is no JSON object. */
function shown(bytes: Uint8Array): string {
  if (bytes.length === 0) return "<empty>";
  const start = bytes.subarray(0, SHOWN_BYTES);
  const text = bytes[0] === 0x7b ? decoder.decode(start) : start.toHex();
  return bytes.length > SHOWN_BYTES ? `${text} ...` : text;
}

const TYPE_META =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/** The object with apiVersion and kind as far as they are there; everything else is as it came. */
function decodeTyped({ bytes, contentType }: RawBody): JsonObject {
  const { type } = parseMediaType(contentType ?? "");
  if (type !== "" && !OBJECT_TYPES.includes(type)) throw unsupportedMediaType(OBJECT_TYPES);
  let value: Json;
  if (type === "application/vnd.kubernetes.protobuf") value = fromProtobuf(bytes);
  else if (type === "application/yaml") value = fromYaml(bytes);
  else {
    try {
      value = fromJson(bytes);
    } catch (error) {
      if (!(error instanceof UnreadableBody)) throw error;
      throw new UnreadableBody(`couldn't get version/kind; json parse error: ${error.message}`, { cause: error });
    }
  }
  const problem = (text: string) => new UnreadableBody(`couldn't get version/kind; json parse error: json: ${text}`);
  if (value === null) return {};
  if (!isJsonObject(value)) throw problem(`cannot unmarshal ${goTypeName(value)} into Go value of type ${TYPE_META}`);
  for (const field of ["apiVersion", "kind"]) {
    const found = value[field] ?? "";
    if (typeof found === "string") continue;
    throw problem(`cannot unmarshal ${goTypeName(found)} into Go struct field .${field} of type string`);
  }
  const version = String(value.apiVersion ?? "");
  if (version.split("/").length > 2) throw new UnreadableBody(`unexpected GroupVersion string: ${version}`);
  return value;
}

/** An object that was sent, with what the reader needs to name it. */
export interface SentObject {
  /** As sent. */
  readonly object: JsonObject;
  /** The beginning of it, for error texts. */
  readonly shown: string;
  /** All of it, where it is JSON: only there fields are seen that are given twice. */
  readonly text?: string;
}

/**
 * The object of a POST or PUT.
 * @param what the kind expected, for error texts
 */
export function readObject(what: string, raw: RawBody): SentObject {
  try {
    const object = decodeTyped(raw);
    const { type } = parseMediaType(raw.contentType ?? "");
    const isJson = type === "" || type === "application/json";
    return { object, shown: shown(raw.bytes), ...(isJson ? { text: decoder.decode(raw.bytes) } : {}) };
  } catch (error) {
    if (!(error instanceof UnreadableBody)) throw error;
    const text = `the object provided is unrecognized (must be of type ${what}): ${error.message}`;
    throw badRequest(`${text} (${shown(raw.bytes)})`);
  }
}

/** The DeleteOptions of a DELETE; undefined without a body. */
export function readDeleteOptions(raw: RawBody): JsonObject | undefined {
  if (raw.bytes.length === 0) return undefined;
  try {
    return decodeTyped(raw);
  } catch (error) {
    throw error instanceof UnreadableBody ? badRequest(error.message) : error;
  }
}

/** A patch and which sort it is. */
export interface SentPatch {
  /** The document; whether it is one of its sort, who applies it sees. */
  readonly patch: Json;
  /** Without parameters. */
  readonly contentType: string;
}

/** The patch of a PATCH. */
export function readPatch(kind: Kind, { bytes, contentType }: RawBody): SentPatch {
  const { type } = parseMediaType(contentType ?? "");
  const accepted = kind.builtIn ? [...PATCH_TYPES, STRATEGIC, APPLY] : [...PATCH_TYPES, APPLY];
  if (!accepted.includes(type)) {
    if (!kind.builtIn) throw unsupportedMediaType(accepted);
    throw new StatusError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {});
  }
  return { patch: type === APPLY ? readApplied(bytes) : readJsonPatch(type, bytes), contentType: type };
}

function readJsonPatch(type: string, bytes: Uint8Array): Json {
  try {
    return fromJson(bytes);
  } catch (error) {
    if (!(error instanceof UnreadableBody)) throw error;
    throw badRequest(type === STRATEGIC ? error.message : `error decoding patch: ${error.message}`);
  }
}

/** Server-side apply takes YAML; kubectl sends JSON, which is YAML too and sooner read as what it is. */
function readApplied(bytes: Uint8Array): JsonObject {
  if (bytes.length === 0) return {};
  let value: Json;
  try {
    value = jsonProblem(bytes) === undefined ? fromJson(bytes) : fromYaml(bytes);
  } catch (error) {
    if (!(error instanceof UnreadableBody)) throw error;
    throw badRequest(`error decoding YAML: error converting YAML to JSON: ${error.message}`);
  }
  if (value === null) return {};
  if (isJsonObject(value)) return value;
  const why = `json: cannot unmarshal ${goTypeName(value)} into Go value of type map[string]interface {}`;
  throw badRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: ${why}`);
}
