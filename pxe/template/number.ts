/** The value of a number literal as Go reads it. */
import { unquoteChar } from "../../base/go_quote.ts";
import { quote } from "../../base/go_quote.ts";
import type { NumberValue } from "./node.ts";

/** A literal that is no number; the message is the rest of Go's error. */
export class NumberError extends Error {
  override name = "NumberError";
}

const MAX_INT = 2n ** 63n - 1n;
const MIN_INT = -(2n ** 63n);
const MAX_UINT = 2n ** 64n - 1n;
/** Beyond this a literal is not worth converting: every value is far out of range. */
const MAX_DIGITS = 2000;

/** A bigint as a number where that is exact. */
export function normalInt(value: bigint): number | bigint {
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}

/** Underscores may stand only between digits, or after a base prefix. */
function underscoresOk(text: string): boolean {
  if (!text.includes("_")) return true;
  const body = text.replace(/^[+-]?(0(?=[bBoOxX]))?/, "$1");
  const digit = /^0[xX]/.test(body) ? "[0-9a-fA-F]" : "[0-9]";
  const plain = body.replace(/^0[bBoOxX]/, "0");
  return !new RegExp(`(^|(?!${digit})[^_]|_)_|_((?!${digit})|_|$)`).test(plain);
}

function parseInteger(text: string): bigint | undefined {
  if (text.length > MAX_DIGITS || !underscoresOk(text)) return;
  const [, sign, body] = /^([+-]?)(.*)$/.exec(text.replaceAll("_", ""))!;
  const form = /^(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)$/;
  if (!form.test(body!)) return;
  const value = BigInt(/^0[0-7]/.test(body!) ? `0o${body!.slice(1)}` : body!);
  return sign === "-" ? -value : value;
}

function parseHexFloat(body: string): number | undefined {
  const match = /^0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?[pP]([+-]?[0-9]+)$/.exec(body);
  if (match === null) return;
  const digits = match[1]! + (match[2] ?? "");
  if (digits === "") return;
  const exponent = Number(match[3]) - 4 * (match[2] ?? "").length;
  return scaleByPowerOfTwo(BigInt(`0x${digits}`), exponent);
}

/** mantissa * 2^exponent, rounded once, to even. */
function scaleByPowerOfTwo(mantissa: bigint, exponent: number): number {
  if (mantissa === 0n) return 0;
  const bits = mantissa.toString(2).length;
  const top = bits + exponent;
  if (top > 1024) return Infinity;
  if (top < -1080) return 0;
  const kept = Math.min(53, top + 1074);
  const drop = Math.max(0, bits - kept);
  let head = mantissa >> BigInt(drop);
  const tail = mantissa - (head << BigInt(drop));
  const half = drop > 0 ? 1n << BigInt(drop - 1) : 1n;
  if (tail > half || (tail === half && drop > 0 && (head & 1n) === 1n)) head += 1n;
  const power = exponent + drop;
  return power < -1000 ? Number(head) * 2 ** (power + 200) * 2 ** -200 : Number(head) * 2 ** power;
}

function parseFloat(text: string): number | undefined {
  if (text.length > MAX_DIGITS || !underscoresOk(text)) return;
  const [, sign, body] = /^([+-]?)(.*)$/.exec(text.replaceAll("_", ""))!;
  const decimal = /^(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/.test(body!);
  const value = decimal ? Number(body) : parseHexFloat(body!);
  return value === undefined || value === Infinity ? undefined : sign === "-" ? -value : value;
}

function fromFloat(float: number): NumberValue {
  const whole = Number.isInteger(float);
  const int = whole && float >= -(2 ** 63) && float < 2 ** 63 ? normalInt(BigInt(float)) : undefined;
  const uint = whole && float >= 0 && float < 2 ** 64 ? normalInt(BigInt(float)) : undefined;
  return { float, ...(int === undefined ? {} : { int }), ...(uint === undefined ? {} : { uint }) };
}

function readImaginary(text: string): NumberValue | undefined {
  const im = parseFloat(text.slice(0, -1));
  if (im === undefined) return;
  return im === 0 ? { ...fromFloat(0), imaginary: { re: 0, im } } : { imaginary: { re: 0, im } };
}

/** A character literal. */
export function readChar(text: string): NumberValue {
  const rune = unquoteChar(text);
  if (rune === "invalid syntax") throw new NumberError(rune);
  if (rune === "malformed") throw new NumberError(`malformed character constant: ${text}`);
  return { int: rune, uint: rune, float: rune };
}

/** A complex literal such as `1+2i`. */
export function readComplex(text: string): NumberValue {
  const [, real, imaginary] = /^(.*[^eEpP])([+-].*)i$/.exec(text) ?? [];
  const re = parseFloat(real ?? ""), im = parseFloat(imaginary ?? "");
  if (re === undefined || im === undefined) throw new NumberError("syntax error scanning complex number");
  return im === 0 ? { ...fromFloat(re), imaginary: { re, im } } : { imaginary: { re, im } };
}

/** Any other number. */
export function readNumber(text: string): NumberValue {
  const imaginary = text.endsWith("i") ? readImaginary(text) : undefined;
  if (imaginary !== undefined) return imaginary;
  const integer = parseInteger(text);
  const int = integer !== undefined && integer >= MIN_INT && integer <= MAX_INT ? normalInt(integer) : undefined;
  const unsigned = integer !== undefined && (!/^[+-]/.test(text) || integer === 0n) && integer <= MAX_UINT;
  if (int !== undefined) return { int, float: Number(int), ...(unsigned ? { uint: int } : {}) };
  if (unsigned) return { uint: normalInt(integer), float: Number(integer) };
  const float = parseFloat(text);
  if (float === undefined) throw new NumberError(`illegal number syntax: ${quote(text)}`);
  if (!/[.eEpP]/.test(text)) throw new NumberError(`integer overflow: ${quote(text)}`);
  return fromFloat(float);
}
