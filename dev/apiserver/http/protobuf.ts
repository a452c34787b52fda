/**
 * Kubernetes' protobuf, read only: kubectl sends what it creates itself (secrets, tokens, deployments ...) in it, and knows
 * no way back to JSON (Kubernetes API concepts, "Kubernetes Protobuf encoding"). Messages are read by tables of fields.
 */
import type { Json, JsonObject } from "../object.ts";

/** What a field holds: a scalar, a map of text to text or bytes, a time, an int-or-string, or the fields of a message. */
export type FieldType = "text" | "bytes" | "number" | "flag" | "texts" | "blobs" | "time" | "intOrText" | Message;

/** A field of a message. */
export interface Field {
  readonly name: string;
  readonly type: FieldType;
  /** Whether it comes any number of times. @default false */
  readonly list?: boolean;
  /** Whether its zero value says something; Go's encoder writes zeros for fields that nobody has set. @default false */
  readonly optional?: boolean;
}

/** Fields by number. */
export type Message = ReadonlyMap<number, Field>;

/** The bytes are no such message. */
export class ProtobufError extends Error {
  override name = "ProtobufError";
}

/** An object in its envelope. */
export interface Enveloped {
  readonly apiVersion: string;
  readonly kind: string;
  /** The message. */
  readonly raw: Uint8Array;
}

const PREFIX = new Uint8Array([0x6b, 0x38, 0x73, 0x00]);
const MAX_DEPTH = 50;
const text = (name: string): Field => ({ name, type: "text" });
const TYPE_META: Message = new Map([[1, text("apiVersion")], [2, text("kind")]]);
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Opens the envelope: a prefix and runtime.Unknown.
 * @throws {ProtobufError} when it is none
 */
export function openEnvelope(bytes: Uint8Array): Enveloped {
  if (bytes.length < PREFIX.length || PREFIX.some((byte, i) => byte !== bytes[i])) {
    throw new ProtobufError("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
  }
  let type: JsonObject = {};
  let raw: Uint8Array = new Uint8Array();
  for (const { number, value } of fieldsOf(bytes.subarray(PREFIX.length))) {
    if (number === 1 && typeof value !== "number") type = readMessage(value, TYPE_META);
    if (number === 2 && typeof value !== "number") raw = value;
  }
  return { apiVersion: String(type.apiVersion ?? ""), kind: String(type.kind ?? ""), raw };
}

interface RawField {
  readonly number: number;
  /** A varint, or the bytes of anything else. */
  readonly value: number | Uint8Array;
}

/** Protobuf's wire format: tag and value, again and again. */
function* fieldsOf(bytes: Uint8Array): Generator<RawField> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new ProtobufError("unexpected EOF");
  };
  const slice = (length: number): Uint8Array => {
    if (length > bytes.length - at) throw new ProtobufError("unexpected EOF");
    return bytes.subarray(at, at += length);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const number = Math.floor(tag / 8);
    const wire = tag % 8;
    if (wire === 0) yield { number, value: Number(BigInt.asIntN(64, varint())) };
    else if (wire === 2) yield { number, value: slice(Number(varint())) };
    else if (wire === 1) yield { number, value: slice(8) };
    else if (wire === 5) yield { number, value: slice(4) };
    else throw new ProtobufError(`proto: illegal wireType ${wire}`);
  }
}

/** Whether nothing is set: Go writes messages that hold nothing but zeros where nobody has set anything. */
function isEmpty(value: number | Uint8Array, depth: number): boolean {
  if (typeof value === "number") return value === 0;
  if (value.every((byte) => byte === 0)) return true;
  if (depth > MAX_DEPTH) return false;
  try {
    return fieldsOf(value).every((field) => isEmpty(field.value, depth + 1));
  } catch (error) {
    if (error instanceof ProtobufError) return false;
    throw error;
  }
}

/**
 * A message as JSON.
 * @throws {ProtobufError} when it cannot be read, or holds what the table does not know
 */
export function readMessage(bytes: Uint8Array, message: Message, depth = 0): JsonObject {
  if (depth > MAX_DEPTH) throw new ProtobufError("exceeded max depth");
  const object: JsonObject = {};
  for (const { number, value } of fieldsOf(bytes)) {
    const field = message.get(number);
    if (field === undefined) {
      if (!isEmpty(value, depth)) throw new ProtobufError(`field ${number} is not supported`);
      continue;
    }
    addField(object, field, value, depth);
  }
  return object;
}

function addField(object: JsonObject, { name, type, list, optional }: Field, raw: number | Uint8Array, depth: number) {
  if (type === "texts" || type === "blobs") {
    const entries = object[name] ??= {};
    const [key, value] = mapEntry(asBytes(raw), type);
    Object.defineProperty(entries, key, { value, writable: true, enumerable: true, configurable: true });
    return;
  }
  const value = fieldValue(type, raw, depth);
  if (list === true) {
    const items = object[name] ??= [];
    (items as Json[]).push(value ?? "");
  } else if (value !== undefined && (optional === true || !isUnset(value))) object[name] = value;
}

function isUnset(value: Json): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length === 0;
  return value === "" || value === 0 || value === false;
}

function mapEntry(bytes: Uint8Array, type: "texts" | "blobs"): [string, string] {
  let [key, value] = ["", ""];
  for (const { number, value: raw } of fieldsOf(bytes)) {
    if (number === 1) key = asText(raw);
    if (number === 2) value = type === "texts" ? asText(raw) : asBytes(raw).toBase64();
  }
  return [key, value];
}

/** Undefined for a time that is not set. */
function fieldValue(
  type: Exclude<FieldType, "texts" | "blobs">,
  raw: number | Uint8Array,
  depth: number,
): Json | undefined {
  switch (type) {
    case "text":
      return asText(raw);
    case "bytes":
      return asBytes(raw).toBase64();
    case "number":
      return asNumber(raw);
    case "flag":
      return asNumber(raw) !== 0;
    case "time":
      return asTime(asBytes(raw));
    case "intOrText":
      return asIntOrText(asBytes(raw));
    default:
      return readMessage(asBytes(raw), type, depth + 1);
  }
}

function asBytes(raw: number | Uint8Array): Uint8Array {
  if (typeof raw === "number") throw new ProtobufError("proto: wrong wireType 0");
  return raw;
}

function asNumber(raw: number | Uint8Array): number {
  if (typeof raw !== "number") throw new ProtobufError("proto: wrong wireType 2");
  return raw;
}

function asText(raw: number | Uint8Array): string {
  try {
    return decoder.decode(asBytes(raw));
  } catch (error) {
    if (error instanceof TypeError) throw new ProtobufError("proto: a string is not UTF-8", { cause: error });
    throw error;
  }
}

/** meta.v1.Time: seconds and nanoseconds; nothing at all, or the year 1, for one that is not set. */
function asTime(bytes: Uint8Array): string | undefined {
  const seconds = [...fieldsOf(bytes)].find(({ number }) => number === 1)?.value;
  if (typeof seconds !== "number" || seconds < -62_135_596_799 || seconds > 253_402_300_799) return undefined;
  return new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z");
}

/** util.intstr.IntOrString: type 1 is text. */
function asIntOrText(bytes: Uint8Array): Json {
  const parts = new Map([...fieldsOf(bytes)].map(({ number, value }) => [number, value]));
  return parts.get(1) === 1 ? asText(parts.get(3) ?? new Uint8Array()) : asNumber(parts.get(2) ?? 0);
}
