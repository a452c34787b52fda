/** What fmt's flags do to one integer, string or float. */
import type { Budget } from "./budget.ts";
import { decodeRune, encodeRune, isPrintable, MAX_RUNE, runeCount } from "../../base/byte_text.ts";
import { type FloatFormat, formatFloat } from "./float.ts";
import { canBackquote, quote, quoteRune } from "../../base/go_quote.ts";

/** The flags, width and precision of a verb. */
export interface Flags {
  width: number | undefined;
  precision: number | undefined;
  minus: boolean;
  plus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  /** `%+v`. */
  plusV: boolean;
  /** `%#v`. */
  sharpV: boolean;
}

/** No flags at all. */
export function noFlags(): Flags {
  return {
    width: undefined,
    precision: undefined,
    minus: false,
    plus: false,
    sharp: false,
    space: false,
    zero: false,
    plusV: false,
    sharpV: false,
  };
}

const UINT64 = 1n << 64n;
const asUnsigned = (n: number | bigint): bigint => n < 0 ? BigInt(n) + UINT64 : BigInt(n);

/** Collects formatted text; every byte is paid for. */
export class Formatter {
  /** The text so far. */
  text = "";
  /** Of the verb being printed. */
  flags: Flags = noFlags();
  #charged = 0;
  readonly #budget: Budget;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** Pays for a text that is made, of which not all may be written. */
  pay(text: string): string {
    this.#budget.bytes(text.length);
    return text;
  }

  /** Pays for the parts of a value, of which nothing may be written. */
  payParts(count: number): void {
    this.#budget.step(count);
  }

  /** Pays for what was written since the last time. */
  charge(): void {
    this.#budget.bytes(this.text.length - this.#charged);
    this.#charged = this.text.length;
  }

  #padding(count: number): string {
    if (count <= 0) return "";
    this.#budget.bytes(count);
    return (this.flags.zero && !this.flags.minus ? "0" : " ").repeat(count);
  }

  /** Writes a text at least as wide as the verb says, counted in runes. */
  pad(text: string): void {
    const { width, minus } = this.flags;
    if (width === undefined || width === 0) {
      this.text += text;
      return;
    }
    const padding = this.#padding(width - runeCount(text));
    this.text += minus ? text + padding : padding + text;
  }

  #padWithSpaces(text: string): void {
    const { zero } = this.flags;
    this.flags.zero = false;
    this.pad(text);
    this.flags.zero = zero;
  }

  #sign(negative: boolean): string {
    return negative ? "-" : this.flags.plus ? "+" : this.flags.space ? " " : "";
  }

  /** An integer in base 2, 8, 10 or 16; `verb` is what was written, for O's prefix. */
  integer(n: number | bigint, base: 2 | 8 | 10 | 16, verb: string, upper = false): void {
    const { width, precision, zero, minus, sharp } = this.flags;
    const sign = this.#sign(n < 0);
    if (precision === 0 && n === 0) {
      this.#padWithSpaces("");
      return;
    }
    const least = precision ?? (zero && !minus && width !== undefined ? width - (sign === "" ? 0 : 1) : 0);
    let digits = (n < 0 ? -n : n).toString(base);
    if (upper) digits = digits.toUpperCase();
    if (digits.length < least) {
      this.#budget.bytes(least);
      digits = digits.padStart(least, "0");
    }
    if (sharp) {
      if (base === 2) digits = `0b${digits}`;
      if (base === 8 && !digits.startsWith("0")) digits = `0${digits}`;
      if (base === 16) digits = (upper ? "0X" : "0x") + digits;
    }
    this.#padWithSpaces(sign + (verb === "O" ? "0o" : "") + digits);
  }

  /** An address, or a byte in Go syntax. */
  hex(n: number | bigint, prefix: boolean): void {
    const { sharp } = this.flags;
    this.flags.sharp = prefix;
    this.integer(n, 16, "v");
    this.flags.sharp = sharp;
  }

  /** `%c`. */
  char(n: number | bigint): void {
    this.pad(encodeRune(Number(n)));
  }

  /** `%q` of an integer. */
  quotedChar(n: number | bigint): void {
    this.pad(quoteRune(Number(n), this.flags.plus));
  }

  /** `%U`. */
  unicode(n: number | bigint): void {
    const { precision, sharp } = this.flags;
    const least = Math.max(4, precision ?? 0);
    this.#budget.bytes(least);
    const rune = Number(asUnsigned(n));
    const shown = sharp && rune <= MAX_RUNE && isPrintable(rune) ? ` '${encodeRune(rune)}'` : "";
    this.#padWithSpaces(`U+${asUnsigned(n).toString(16).toUpperCase().padStart(least, "0")}${shown}`);
  }

  #truncated(text: string): string {
    const { precision } = this.flags;
    if (precision === undefined || precision >= text.length) return text;
    let at = 0;
    for (let runes = 0; runes < precision && at < text.length; runes++) at += decodeRune(text, at).size;
    return text.slice(0, at);
  }

  /** `%s`. */
  string(text: string): void {
    this.pad(this.#truncated(text));
  }

  /** `%q`. */
  quoted(text: string): void {
    const shown = this.#truncated(text);
    this.#budget.bytes(shown.length);
    if (this.flags.sharp && canBackquote(shown)) this.pad(`\`${shown}\``);
    else this.pad(quote(shown, this.flags.plus));
  }

  /** `%x` and `%X` of a string. */
  hexString(text: string, upper: boolean): void {
    const { precision, space, sharp, width = 0, minus } = this.flags;
    const shown = precision === undefined ? text : text.slice(0, precision);
    this.#budget.bytes(shown.length * 2);
    const prefix = sharp ? upper ? "0X" : "0x" : "";
    let digits = "";
    for (let i = 0; i < shown.length; i++) {
      const byte = shown.charCodeAt(i).toString(16).padStart(2, "0");
      if (i === 0 || space) digits += (i === 0 ? "" : " ") + prefix;
      digits += upper ? byte.toUpperCase() : byte;
    }
    const padding = this.#padding(width - digits.length);
    this.text += minus ? digits + padding : padding + digits;
  }

  /** A float; `precision` holds where the verb names none. */
  float(value: number, format: FloatFormat, precision: number): void {
    const { plus, space, zero, minus, width, sharp } = this.flags;
    const used = this.flags.precision ?? precision;
    this.#budget.bytes(1024 + Math.max(used, 0));
    let digits = formatFloat(value, format, used);
    const sign = digits[0] === "-" ? "-" : plus ? "+" : space ? " " : "";
    if (digits[0] === "-") digits = digits.slice(1);
    if (sharp && format !== "b") digits = withPoint(digits, format, used);
    if (sign !== "" && zero && !minus && width !== undefined && width > digits.length + 1) {
      this.text += sign + this.#padding(width - digits.length - 1) + digits;
      return;
    }
    this.pad(sign + digits);
  }
}

/** `#`: always a decimal point, and for g no trailing zeros removed. */
function withPoint(number: string, format: FloatFormat, precision: number): string {
  const tailAt = number.search(format === "x" || format === "X" ? /[pP]/ : /[eE]/);
  const tail = tailAt < 0 ? "" : number.slice(tailAt);
  let head = tailAt < 0 ? number : number.slice(0, tailAt);
  let missing = "";
  if (format === "g" || format === "G" || format === "x") {
    const wanted = precision < 0 ? 6 : precision;
    const seen = head.replace(".", "").replace(/^0+/, "").length + (head === "0" ? 1 : 0);
    missing = "0".repeat(Math.max(0, wanted - seen));
  }
  if (!head.includes(".")) head += ".";
  return head + missing + tail;
}
