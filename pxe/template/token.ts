/** The tokens of a template, and how messages show them. */
import { decodeRune, encodeRune, isPrintable } from "../../base/byte_text.ts";
import { quote } from "../../base/go_quote.ts";

/** What a token is. Keywords come last: messages show them in angle brackets. */
export type TokenKind =
  | "error"
  | "eof"
  | "text"
  | "leftDelim"
  | "rightDelim"
  | "space"
  | "pipe"
  | "assign"
  | "declare"
  | "leftParen"
  | "rightParen"
  | "char"
  | "bool"
  | "charConstant"
  | "complex"
  | "number"
  | "string"
  | "rawString"
  | "identifier"
  | "field"
  | "variable"
  | Keyword;
/** A keyword; `dot` stands for a lone dot. */
export type Keyword =
  | "dot"
  | "block"
  | "break"
  | "continue"
  | "define"
  | "else"
  | "end"
  | "if"
  | "nil"
  | "range"
  | "template"
  | "with";

/** A token as it stands in the text; an error's value is its message. */
export interface Token {
  readonly kind: TokenKind;
  readonly at: number;
  readonly value: string;
  readonly line: number;
}

/** Words that are no identifiers. */
export const KEYWORDS: ReadonlySet<string> = new Set<Keyword>([
  "block",
  "break",
  "continue",
  "define",
  "else",
  "end",
  "if",
  "nil",
  "range",
  "template",
  "with",
]);

/** A token as an error message shows it. */
export function describeToken({ kind, value }: Token): string {
  if (kind === "eof") return "EOF";
  if (kind === "error") return value;
  if (kind === "dot" || KEYWORDS.has(kind)) return `<${value}>`;
  if (value.length <= 10) return quote(value);
  let end = 0;
  for (let runes = 0; runes < 10 && end < value.length; runes++) end += decodeRune(value, end).size;
  return `${quote(value.slice(0, end))}...`;
}

/** A rune the way Go's %#U shows it. */
export function showRune(rune: number): string {
  const code = rune < 0 ? "FFFFFFFFFFFFFFFF" : rune.toString(16).toUpperCase().padStart(4, "0");
  return `U+${code}${rune >= 0 && isPrintable(rune) ? ` '${encodeRune(rune)}'` : ""}`;
}
