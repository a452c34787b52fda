/**
 * Go's strings are bytes. Here each is a JavaScript string in which one character is one byte (0 to 255):
 * V8 keeps them in one byte a character, and length, order, slices and equality are Go's.
 */

const NON_ASCII = /[\x80-\uffff]/;
const encoder = new TextEncoder();
const lossy = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
const CHUNK = 8192;

/** Bytes to byte text. */
export function fromBytes(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return text;
}

/** Byte text to bytes. */
export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  if (!NON_ASCII.test(text)) return encoder.encode(text);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** An ordinary string to byte text, as UTF-8. */
export function fromText(text: string): string {
  return NON_ASCII.test(text) ? fromBytes(encoder.encode(text)) : text;
}

/** Byte text to an ordinary string; what is not UTF-8 becomes U+FFFD. */
export function toText(text: string): string {
  return NON_ASCII.test(text) ? lossy.decode(toBytes(text)) : text;
}

/** Byte text to an ordinary string, undefined where it is not UTF-8. */
export function toTextStrict(text: string): string | undefined {
  if (!NON_ASCII.test(text)) return text;
  try {
    return strict.decode(toBytes(text));
  } catch {
    return undefined;
  }
}

/** What Go reads where bytes are not UTF-8. */
export const RUNE_ERROR = 0xfffd;
/** The largest rune. */
export const MAX_RUNE = 0x10ffff;

/** A rune and how many bytes it takes. */
export interface Rune {
  readonly rune: number;
  readonly size: number;
}

const INVALID: Rune = { rune: RUNE_ERROR, size: 1 };
const LEAST = [0, 0, 0x80, 0x800, 0x10000];

/** The rune at `at`, which must be below the text's length; bytes that are not UTF-8 are U+FFFD, one byte each. */
export function decodeRune(text: string, at: number): Rune {
  const first = text.charCodeAt(at);
  if (first < 0x80) return { rune: first, size: 1 };
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + size > text.length) return INVALID;
  let rune = first & (0x7f >> size);
  for (let i = 1; i < size; i++) {
    const next = text.charCodeAt(at + i);
    if ((next & 0xc0) !== 0x80) return INVALID;
    rune = rune << 6 | next & 0x3f;
  }
  if (rune < LEAST[size]! || rune > MAX_RUNE || (rune >= 0xd800 && rune <= 0xdfff)) return INVALID;
  return { rune, size };
}

/** A rune as byte text; what is no rune is U+FFFD. */
export function encodeRune(rune: number): string {
  if (rune >= 0 && rune < 0x80) return String.fromCharCode(rune);
  if (rune < 0 || rune > MAX_RUNE || (rune >= 0xd800 && rune <= 0xdfff)) return "\xef\xbf\xbd";
  return fromText(String.fromCodePoint(rune));
}

/** How many runes a text has. */
export function runeCount(text: string): number {
  if (!NON_ASCII.test(text)) return text.length;
  let count = 0;
  for (let at = 0; at < text.length; at += decodeRune(text, at).size) count++;
  return count;
}

const PRINTABLE = /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u;
const LETTER_OR_DIGIT = /[\p{L}\p{Nd}_]/u;

/** Whether Go prints the rune as it is in %q. */
export function isPrintable(rune: number): boolean {
  if (rune < 0x7f) return rune >= 0x20;
  return rune <= MAX_RUNE && PRINTABLE.test(String.fromCodePoint(rune));
}

/** Whether the rune may be part of a template's identifier. */
export function isAlphaNumeric(rune: number): boolean {
  if (rune >= 0x80) return LETTER_OR_DIGIT.test(String.fromCodePoint(rune));
  const lower = rune | 0x20;
  return (lower >= 0x61 && lower <= 0x7a && rune >= 0x41) || (rune >= 0x30 && rune <= 0x39) || rune === 0x5f;
}
