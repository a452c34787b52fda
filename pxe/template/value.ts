/** Go values: a type and what lies behind it, read from the Machine's JSON only when asked for. */
import { fromText, toTextStrict } from "../../base/byte_text.ts";
import { type Field, type GoType, goType } from "./go_type.ts";
import { GoTime, readTime, ZERO_TIME } from "./go_time.ts";
import type { Budget } from "./budget.ts";
import { normalInt } from "./number.ts";

/** A complex number. */
export interface Complex {
  readonly re: number;
  readonly im: number;
}

/** What a pointer points to. Two pointers are equal when home and slot are. */
export interface Target {
  readonly value: GoValue;
  readonly home: unknown;
  readonly slot: string;
}

/**
 * A typed value. `raw` by kind: string: byte text; bool: boolean; integers: number where exact, else bigint; float64:
 * number; complex128: Complex; struct: its JSON object, or GoTime; slice: array or null; map: JSON object or null;
 * ptr: Target or null.
 */
export class GoValue {
  /** Go's type. */
  readonly type: GoType;
  /** What lies behind it, by kind. */
  readonly raw: unknown;
  /** Whether Go could take its address: methods on pointers can be called then. */
  readonly addressable: boolean;

  /** Everything is as Go has it; nothing is checked. */
  constructor(type: GoType, raw: unknown, addressable = false) {
    this.type = type;
    this.raw = raw;
    this.addressable = addressable;
  }

  /** The same, as an interface holds it: a copy without an address. */
  get copy(): GoValue {
    return this.addressable ? new GoValue(this.type, this.raw) : this;
  }
}

/** A value, or undefined where Go has none: nil, or a missing map key. */
export type Value = GoValue | undefined;

const STRING = goType("string");
const INT = goType("int");
const UINT8 = goType("uint8");
const BOOL = goType("bool");
const TRUE = new GoValue(BOOL, true);
const FALSE = new GoValue(BOOL, false);

/** A Go string of byte text. */
export const stringValue = (text: string): GoValue => new GoValue(STRING, text);
/** A Go int. */
export const intValue = (n: number | bigint): GoValue => new GoValue(INT, n);
/** A Go bool. */
export const boolValue = (truth: boolean): GoValue => truth ? TRUE : FALSE;

type Json = Record<string, unknown>;
const isObject = (raw: unknown): raw is Json => typeof raw === "object" && raw !== null && !Array.isArray(raw);

function readInteger(raw: unknown): number | bigint {
  if (typeof raw === "bigint") return normalInt(BigInt.asIntN(64, raw));
  return Number.isSafeInteger(raw) ? raw as number : Number.isInteger(raw) ? readInteger(BigInt(raw as number)) : 0;
}

function readStruct(type: GoType, raw: unknown): unknown {
  if (type.name === "v1.Time") return readTime(raw);
  return isObject(raw) ? raw : {};
}

function readPointer(type: GoType, raw: unknown, home: unknown, slot: string): Target | null {
  if (raw === undefined || raw === null) return null;
  const elem = type.elem!;
  const value = readJson(elem, raw, true, home, slot);
  return elem.kind === "struct" && isObject(raw) ? { value, home: raw, slot: "" } : { value, home, slot };
}

/**
 * A value out of JSON; what does not fit its type is the zero value.
 * @param home the object that holds it, and `slot` the key there: they tell pointers to scalars apart
 */
function readJson(type: GoType, raw: unknown, addressable: boolean, home: unknown = raw, slot = ""): GoValue {
  switch (type.kind) {
    case "string":
      return new GoValue(type, typeof raw === "string" ? fromText(raw) : "", addressable);
    case "bool":
      return new GoValue(type, raw === true, addressable);
    case "struct":
      return new GoValue(type, readStruct(type, raw), addressable);
    case "ptr":
      return new GoValue(type, readPointer(type, raw, home, slot), addressable);
    case "slice":
      return new GoValue(type, Array.isArray(raw) ? raw : null, addressable);
    case "map":
      return new GoValue(type, isObject(raw) ? raw : null, addressable);
    default:
      return new GoValue(type, readInteger(raw), addressable);
  }
}

function readTimeField(time: GoTime, field: Field, addressable: boolean): GoValue {
  const part = { Time: time, wall: time.nanos, ext: time.seconds - ZERO_TIME.seconds, loc: null }[field.name];
  return new GoValue(field.type, part, addressable);
}

/** A field of a struct. */
export function readField(struct: GoValue, field: Field): GoValue {
  const { raw, addressable } = struct;
  if (raw instanceof GoTime) return readTimeField(raw, field, addressable);
  const json = raw as Json;
  if (field.inline) return new GoValue(field.type, json, addressable);
  if (field.json === undefined) {
    return new GoValue(field.type, Array.from(fromText(JSON.stringify(json)), (byte) => byte.charCodeAt(0)));
  }
  const own = Object.hasOwn(json, field.json) ? json[field.json] : undefined;
  return readJson(field.type, own, addressable, json, field.json);
}

/** The zero value of a field's type. */
export function zeroOf(type: GoType): GoValue {
  return readJson(type, undefined, false);
}

/** What a pointer points to; null where it is nil. Other values are themselves. */
export function indirect(value: GoValue): GoValue | null {
  return value.type.kind === "ptr" ? (value.raw as Target | null)?.value ?? null : value;
}

/** Whether Go's IsNil says so; values that cannot be nil are not. */
export function isNil(value: Value): boolean {
  return value === undefined || value.raw === null;
}

/** How many entries a map has: JavaScript counts them one by one, so that they are paid for. */
export function sizeOf(map: GoValue, budget: Budget): number {
  const size = lengthOf(map)!;
  budget.step(size);
  return size;
}

/** len(); undefined for kinds without one. */
export function lengthOf({ type, raw }: GoValue): number | undefined {
  if (type.kind === "string") return (raw as string).length;
  if (type.kind === "slice") return (raw as unknown[] | null)?.length ?? 0;
  if (type.kind === "map") return raw === null ? 0 : Object.keys(raw as Json).length;
}

/** Whether if, with, and, or and not take the value for true. */
export function isTrue(value: Value, budget: Budget): boolean {
  if (value === undefined) return false;
  const { type, raw } = value;
  switch (type.kind) {
    case "struct":
      return true;
    case "ptr":
      return raw !== null;
    case "bool":
      return raw as boolean;
    case "complex128":
      return (raw as Complex).re !== 0 || (raw as Complex).im !== 0;
    case "string":
    case "slice":
      return lengthOf(value)! > 0;
    case "map":
      return sizeOf(value, budget) > 0;
    default:
      return raw !== 0;
  }
}

/** An element of a slice or string, which must be there. */
export function elementOf({ type, raw }: GoValue, at: number): GoValue {
  if (type.kind === "string") return new GoValue(UINT8, (raw as string).charCodeAt(at));
  return readJson(type.elem!, (raw as unknown[])[at], true, raw, String(at));
}

/** The value of a map's key (byte text), undefined where it has none. */
export function entryOf({ type, raw }: GoValue, key: string): Value {
  const name = toTextStrict(key);
  if (raw === null || name === undefined || !Object.hasOwn(raw as Json, name)) return undefined;
  return readJson(type.elem!, (raw as Json)[name], false);
}

/** A map's keys in Go's printing order: by bytes. */
export function sortedKeys({ raw }: GoValue): string[] {
  return raw === null ? [] : Object.keys(raw as Json).map(fromText).sort((a, b) => a < b ? -1 : a > b ? 1 : 0);
}
