/** Cuts a template's text into tokens, on demand. Positions and lengths count bytes. */
import { decodeRune, isAlphaNumeric, isPrintable } from "../../base/byte_text.ts";
import { quote } from "../../base/go_quote.ts";
import { type Keyword, KEYWORDS, showRune, type Token, type TokenKind } from "./token.ts";

const EOF = -1;
const isSpace = (rune: number) => rune === 32 || rune === 9 || rune === 13 || rune === 10;
const isDecimal = (rune: number) => rune >= 48 && rune <= 57;
const ENDS_WORD = new Set([EOF, ...".,|:)("].map((c) => typeof c === "string" ? c.charCodeAt(0) : c));

function newlines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) if (text.charCodeAt(at) === 10) count++;
  return count;
}

/** The tokens of one text. After an error every further token says that the action is unclosed or the text ended. */
export class Lexer {
  #text: string;
  #at = 0;
  #start = 0;
  #line = 1;
  #startLine = 1;
  #parens = 0;
  #inAction = false;

  /** @param text byte text */
  constructor(text: string) {
    this.#text = text;
  }

  /** The next token. */
  next(): Token {
    return this.#inAction ? this.#action() : this.#plain();
  }

  #emit(kind: TokenKind): Token {
    const token = { kind, at: this.#start, value: this.#text.slice(this.#start, this.#at), line: this.#startLine };
    this.#line += newlines(this.#text, this.#start, this.#at);
    this.#start = this.#at;
    this.#startLine = this.#line;
    return token;
  }

  #skipTo(at: number): void {
    this.#at = at;
    this.#emit("space");
  }

  #fail(message: string): Token {
    const token: Token = { kind: "error", at: this.#start, value: message, line: this.#startLine };
    this.#text = "";
    this.#at = this.#start = 0;
    return token;
  }

  #rune(at = this.#at): number {
    return at < this.#text.length ? decodeRune(this.#text, at).rune : EOF;
  }

  #size(): number {
    return this.#at < this.#text.length ? decodeRune(this.#text, this.#at).size : 0;
  }

  #trimsBefore(at: number): boolean {
    return this.#text[at] === "-" && isSpace(this.#text.charCodeAt(at + 1));
  }

  /** 0 where no right delimiter stands; else how many characters before the braces belong to a trim marker, plus 1. */
  #rightDelim(): 0 | 1 | 3 {
    if (isSpace(this.#text.charCodeAt(this.#at)) && this.#text.startsWith("-}}", this.#at + 1)) return 3;
    return this.#text.startsWith("}}", this.#at) ? 1 : 0;
  }

  #plain(): Token {
    for (;;) {
      const open = this.#text.indexOf("{{", this.#at);
      if (open < 0) {
        this.#at = this.#text.length;
        return this.#emit(this.#at > this.#start ? "text" : "eof");
      }
      const trims = this.#trimsBefore(open + 2);
      this.#at = open;
      if (trims) { while (this.#at > this.#start && isSpace(this.#text.charCodeAt(this.#at - 1))) this.#at--; }
      const kept = this.#at - this.#start;
      const text = this.#emit("text");
      this.#skipTo(open);
      if (kept > 0) return text;
      const inside = open + 2 + (trims ? 2 : 0);
      if (!this.#text.startsWith("/*", inside)) return this.#leftDelim(inside);
      const error = this.#comment(inside);
      if (error !== undefined) return error;
    }
  }

  #leftDelim(inside: number): Token {
    this.#at += 2;
    const token = this.#emit("leftDelim");
    this.#inAction = true;
    this.#parens = 0;
    this.#skipTo(inside);
    return token;
  }

  #comment(inside: number): Token | undefined {
    this.#skipTo(inside);
    const close = this.#text.indexOf("*/", inside + 2);
    if (close < 0) return this.#fail("unclosed comment");
    this.#at = close + 2;
    const delim = this.#rightDelim();
    if (delim === 0) return this.#fail("comment ends before closing delimiter");
    this.#afterRightDelim(delim);
  }

  #afterRightDelim(delim: 1 | 3): void {
    let at = this.#at + 1 + delim;
    if (delim === 3) { while (isSpace(this.#text.charCodeAt(at))) at++; }
    this.#skipTo(at);
  }

  #closeAction(delim: 1 | 3): Token {
    if (delim === 3) this.#skipTo(this.#at + 2);
    const token: Token = { kind: "rightDelim", at: this.#start, value: "}}", line: this.#startLine };
    let end = this.#at + 2;
    if (delim === 3) { while (isSpace(this.#text.charCodeAt(end))) end++; }
    this.#skipTo(end);
    this.#inAction = false;
    return token;
  }

  #action(): Token {
    const delim = this.#rightDelim();
    if (delim !== 0) return this.#parens === 0 ? this.#closeAction(delim) : this.#fail("unclosed left paren");
    const rune = this.#rune();
    if (rune === EOF) return this.#fail("unclosed action");
    if (isSpace(rune)) return this.#space();
    const after = this.#rune(this.#at + 1);
    if (rune === 46 && this.#at + 1 < this.#text.length && !isDecimal(after)) return this.#word("field");
    if (rune === 43 || rune === 45 || rune === 46 || isDecimal(rune)) return this.#number();
    if (isAlphaNumeric(rune)) return this.#identifier();
    const size = this.#size();
    this.#at += size;
    switch (rune < 0x80 ? String.fromCharCode(rune) : "") {
      case "=":
        return this.#emit("assign");
      case ":":
        if (after !== 61) return this.#fail("expected :=");
        this.#at++;
        return this.#emit("declare");
      case "|":
        return this.#emit("pipe");
      case '"':
        return this.#quoted('"', "string", "unterminated quoted string");
      case "'":
        return this.#quoted("'", "charConstant", "unterminated character constant");
      case "`":
        return this.#rawQuoted();
      case "$":
        this.#at--;
        return this.#word("variable");
      case "(":
        this.#parens++;
        return this.#emit("leftParen");
      case ")":
        return --this.#parens < 0 ? this.#fail("unexpected right paren") : this.#emit("rightParen");
    }
    if (rune < 0x80 && isPrintable(rune)) return this.#emit("char");
    return this.#fail(`unrecognized character in action: ${showRune(rune)}`);
  }

  #space(): Token {
    const first = this.#at;
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at++;
    if (this.#text.startsWith("-}}", this.#at)) {
      this.#at--;
      if (this.#at === first) return this.#closeAction(3);
    }
    return this.#emit("space");
  }

  #endsWord(): boolean {
    const rune = this.#rune();
    return isSpace(rune) || ENDS_WORD.has(rune) || this.#text.startsWith("}}", this.#at);
  }

  #alphaNumerics(): void {
    while (isAlphaNumeric(this.#rune())) this.#at += this.#size();
  }

  /** `.Name` or `$name`; the dot or the dollar alone too. */
  #word(kind: "field" | "variable"): Token {
    this.#at++;
    if (this.#endsWord()) return this.#emit(kind === "field" ? "dot" : kind);
    this.#alphaNumerics();
    return this.#endsWord() ? this.#emit(kind) : this.#fail(`bad character ${showRune(this.#rune())}`);
  }

  #identifier(): Token {
    this.#alphaNumerics();
    if (!this.#endsWord()) return this.#fail(`bad character ${showRune(this.#rune())}`);
    const word = this.#text.slice(this.#start, this.#at);
    if (KEYWORDS.has(word)) return this.#emit(word as Keyword);
    return this.#emit(word === "true" || word === "false" ? "bool" : "identifier");
  }

  #quoted(quoteMark: string, kind: TokenKind, unterminated: string): Token {
    for (;;) {
      const char = this.#text[this.#at++];
      if (char === quoteMark) return this.#emit(kind);
      const inner = char === "\\" ? this.#text[this.#at++] : char;
      if (inner === undefined || inner === "\n") return this.#fail(unterminated);
    }
  }

  #rawQuoted(): Token {
    const close = this.#text.indexOf("`", this.#at);
    if (close < 0) return this.#fail("unterminated raw quoted string");
    this.#at = close + 1;
    return this.#emit("rawString");
  }

  #number(): Token {
    if (!this.#scanNumber()) return this.#badNumber();
    const sign = this.#rune();
    if (sign !== 43 && sign !== 45) return this.#emit("number");
    return this.#scanNumber() && this.#text[this.#at - 1] === "i" ? this.#emit("complex") : this.#badNumber();
  }

  #badNumber(): Token {
    return this.#fail(`bad number syntax: ${quote(this.#text.slice(this.#start, this.#at))}`);
  }

  #scanNumber(): boolean {
    NUMBER.lastIndex = this.#at;
    this.#at += NUMBER.exec(this.#text)![0].length;
    if (!isAlphaNumeric(this.#rune())) return true;
    this.#at += this.#size();
    return false;
  }
}

/** As much as can belong to a number; whether it is one is decided when its value is read. */
const NUMBER =
  /[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?/y;
