/** Go's quoted strings and runes, both ways. */
import { decodeRune, encodeRune, isPrintable, MAX_RUNE, RUNE_ERROR } from "./byte_text.ts";

const SHORT: Readonly<Record<number, string>> = {
  7: "\\a",
  8: "\\b",
  9: "\\t",
  10: "\\n",
  11: "\\v",
  12: "\\f",
  13: "\\r",
};
const hex = (n: number, digits: number) => n.toString(16).padStart(digits, "0");

function escapeRune(rune: number, quote: string, ascii: boolean): string {
  const shown = rune < 0x80 ? String.fromCharCode(rune) : "";
  if (shown === quote || shown === "\\") return `\\${shown}`;
  if (isPrintable(rune) && !(ascii && rune >= 0x80)) return encodeRune(rune);
  const short = SHORT[rune];
  if (short !== undefined) return short;
  if (rune < 0x20 || rune === 0x7f) return `\\x${hex(rune, 2)}`;
  return rune < 0x10000 ? `\\u${hex(rune, 4)}` : `\\U${hex(rune, 8)}`;
}

/** A double-quoted Go string; with `ascii` everything beyond ASCII is escaped. */
export function quote(text: string, ascii = false): string {
  let out = '"';
  for (let at = 0; at < text.length;) {
    const { rune, size } = decodeRune(text, at);
    out += rune === RUNE_ERROR && size === 1 ? `\\x${hex(text.charCodeAt(at), 2)}` : escapeRune(rune, '"', ascii);
    at += size;
  }
  return out + '"';
}

/** A single-quoted Go rune; what is no rune is U+FFFD. */
export function quoteRune(rune: number, ascii = false): string {
  const valid = rune >= 0 && rune <= MAX_RUNE && !(rune >= 0xd800 && rune <= 0xdfff);
  return `'${escapeRune(valid ? rune : RUNE_ERROR, "'", ascii)}'`;
}

/** Whether a text can stand between backquotes as it is (one line, no control character, no byte order mark). */
export function canBackquote(text: string): boolean {
  for (let at = 0; at < text.length;) {
    const { rune, size } = decodeRune(text, at);
    if (
      size > 1 ? rune === 0xfeff : rune === RUNE_ERROR || (rune < 0x20 && rune !== 9) || rune === 0x60 || rune === 0x7f
    ) {
      return false;
    }
    at += size;
  }
  return true;
}

/** A piece of a quoted text: what it stands for, and how long it is as written. */
interface Piece {
  readonly text: string;
  readonly rune: number;
  readonly length: number;
}

const SIMPLE: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, "\\": 92 };
const DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

function readEscape(text: string, at: number, quote: string): Piece | undefined {
  const letter = text[at + 1];
  if (letter === undefined) return;
  const simple = SIMPLE[letter] ?? (letter === quote ? quote.charCodeAt(0) : undefined);
  if (simple !== undefined) return { text: String.fromCharCode(simple), rune: simple, length: 2 };
  const digits = DIGITS[letter];
  if (digits !== undefined) {
    const written = text.slice(at + 2, at + 2 + digits);
    if (written.length !== digits || !/^[0-9a-fA-F]+$/.test(written)) return;
    const rune = Number.parseInt(written, 16);
    if (letter === "x") return { text: String.fromCharCode(rune), rune, length: 4 };
    if (rune > MAX_RUNE || (rune >= 0xd800 && rune <= 0xdfff)) return;
    return { text: encodeRune(rune), rune, length: digits + 2 };
  }
  const octal = text.slice(at + 1, at + 4);
  if (!/^[0-3][0-7]{2}$/.test(octal)) return;
  const rune = Number.parseInt(octal, 8);
  return { text: String.fromCharCode(rune), rune, length: 4 };
}

function readPiece(text: string, at: number, quote: string): Piece | undefined {
  const char = text[at];
  if (char === undefined || char === quote) return;
  if (char === "\\") return readEscape(text, at, quote);
  const { rune, size } = decodeRune(text, at);
  return { text: encodeRune(rune), rune, length: size };
}

/** The value of a Go string literal, quotes included; undefined where it is malformed. */
export function unquote(literal: string): string | undefined {
  const inner = literal.slice(1, -1);
  if (literal[0] === "`") return inner.replaceAll("\r", "");
  let out = "";
  for (let at = 0; at < inner.length;) {
    const piece = readPiece(inner, at, '"');
    if (piece === undefined) return;
    out += piece.text;
    at += piece.length;
  }
  return out;
}

/** The rune of a Go character literal: a number, or why there is none. */
export function unquoteChar(literal: string): number | "invalid syntax" | "malformed" {
  const piece = readPiece(literal, 1, "'");
  if (piece === undefined) return "invalid syntax";
  return literal.slice(1 + piece.length) === "'" ? piece.rune : "malformed";
}
