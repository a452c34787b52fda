/** GRUB's script language, as far as boot configurations use it: text to commands. */

/** A part of a word: text as it is, or a variable's value, which is split at blanks where it was not quoted. */
export type WordPart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "variable"; readonly name: string; readonly quoted: boolean };

/** A word, put together from its parts. */
export type Word = readonly WordPart[];

/** A line of a script. */
export type Statement =
  | { readonly kind: "command"; readonly words: readonly Word[] }
  | { readonly kind: "if"; readonly branches: readonly Branch[]; readonly otherwise: readonly Statement[] }
  | { readonly kind: "menuentry"; readonly words: readonly Word[]; readonly body: readonly Statement[] };

/** A condition, and what is done when it is true. */
export interface Branch {
  /** True when its last command is. */
  readonly condition: readonly Statement[];
  /** What is done then. */
  readonly body: readonly Statement[];
}

/** A script that GRUB could not read either. */
export class GrubSyntaxError extends Error {
  /** The class, in logs. */
  override name = "GrubSyntaxError";
}

type Token = { readonly kind: "word"; readonly word: Word } | { readonly kind: "end" | "{" | "}" };

const MAX_SCRIPT = 1 << 20;
const MAX_DEPTH = 32;
/** Of the language, but of no use to a boot configuration that machines read. */
const UNSUPPORTED = new Set(["for", "while", "until", "function"]);

class Lexer {
  readonly #text: string;
  #at = 0;
  #parts: WordPart[] = [];
  #plain = "";
  /** A word has begun, even if it is empty so far, as `""` is. */
  #inWord = false;
  readonly #tokens: Token[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  run(): Token[] {
    while (this.#at < this.#text.length) this.#step(this.#text[this.#at]!);
    this.#endWord();
    this.#tokens.push({ kind: "end" });
    return this.#tokens;
  }

  #step(c: string): void {
    const next = this.#text[this.#at + 1] ?? "";
    if (c === "#" && !this.#inWord) return this.#skipComment();
    this.#at++;
    if (c === "\\") return this.#escape(next);
    if (c === "'") return this.#single();
    if (c === '"') return this.#double();
    if (c === "$") return this.#variable(false);
    if (c === "\n" || c === ";") return this.#separator("end");
    if ((c === "{" || c === "}") && !this.#inWord && /^[\s;]?$/.test(next)) return this.#separator(c);
    if (/\s/.test(c)) return this.#endWord();
    this.#add(c);
  }

  #skipComment(): void {
    const end = this.#text.indexOf("\n", this.#at);
    this.#at = end < 0 ? this.#text.length : end;
  }

  #separator(kind: "end" | "{" | "}"): void {
    this.#endWord();
    this.#tokens.push({ kind });
  }

  #add(text: string): void {
    this.#plain += text;
    this.#inWord = true;
  }

  /** A backslash before a line break joins the lines. */
  #escape(next: string): void {
    this.#at++;
    if (next !== "\n") this.#add(next);
  }

  #single(): void {
    const end = this.#text.indexOf("'", this.#at);
    if (end < 0) throw new GrubSyntaxError("a ' is not closed");
    this.#add(this.#text.slice(this.#at, end));
    this.#at = end + 1;
  }

  #double(): void {
    this.#inWord = true;
    for (;;) {
      const c = this.#text[this.#at++];
      if (c === undefined) throw new GrubSyntaxError('a " is not closed');
      if (c === '"') return;
      const next = this.#text[this.#at] ?? "";
      if (c === "\\" && /["$\\\n]/.test(next)) {
        this.#at++;
        if (next !== "\n") this.#add(next);
      } else if (c === "$") this.#variable(true);
      else this.#add(c);
    }
  }

  #variable(quoted: boolean): void {
    const match = /^(?:\{(\w+)\}|([A-Za-z_]\w*|[0-9?@#*]))/.exec(this.#text.slice(this.#at, this.#at + 256));
    if (match === null) return this.#add("$");
    this.#at += match[0].length;
    this.#endPlain();
    this.#inWord = true;
    this.#parts.push({ kind: "variable", name: match[1] ?? match[2]!, quoted });
  }

  #endPlain(): void {
    if (this.#plain !== "") this.#parts.push({ kind: "text", text: this.#plain });
    this.#plain = "";
  }

  #endWord(): void {
    if (!this.#inWord) return;
    this.#endPlain();
    if (this.#parts.length === 0) this.#parts.push({ kind: "text", text: "" });
    this.#tokens.push({ kind: "word", word: this.#parts });
    this.#parts = [];
    this.#inWord = false;
  }
}

/** The word when it is plain text, as keywords must be. */
function keyword(token: Token | undefined): string | undefined {
  if (token?.kind !== "word" || token.word.length !== 1) return undefined;
  const [part] = token.word;
  return part?.kind === "text" ? part.text : undefined;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** Statements up to one of the words, which is left to the caller; `}` ends a block. */
  block(ends: readonly string[]): Statement[] {
    if (++this.#depth > MAX_DEPTH) throw new GrubSyntaxError(`nested deeper than ${MAX_DEPTH}`);
    const statements: Statement[] = [];
    for (;;) {
      const token = this.#tokens[this.#at];
      if (token === undefined || token.kind === "}" || ends.includes(keyword(token) ?? "\0")) break;
      if (token.kind === "end") this.#at++;
      else statements.push(this.#statement());
    }
    this.#depth--;
    return statements;
  }

  get finished(): boolean {
    return this.#at >= this.#tokens.length;
  }

  #statement(): Statement {
    const first = this.#tokens[this.#at];
    if (first?.kind === "{") throw new GrubSyntaxError("a { stands alone");
    const name = keyword(first) ?? "";
    if (UNSUPPORTED.has(name)) throw new GrubSyntaxError(`the emulated GRUB does not know "${name}"`);
    if (name === "if") return this.#if();
    if (name === "menuentry" || name === "submenu") return this.#menuentry();
    return { kind: "command", words: this.#words() };
  }

  #words(): Word[] {
    const words: Word[] = [];
    for (let token = this.#tokens[this.#at]; token?.kind === "word"; token = this.#tokens[++this.#at]) {
      words.push(token.word);
    }
    return words;
  }

  #expect(word: string): void {
    const token = this.#tokens[this.#at++];
    if (token?.kind !== word && keyword(token) !== word) throw new GrubSyntaxError(`"${word}" is missing`);
  }

  #if(): Statement {
    const branches: Branch[] = [];
    do {
      this.#at++;
      const condition = this.block(["then"]);
      this.#expect("then");
      branches.push({ condition, body: this.block(["elif", "else", "fi"]) });
    } while (keyword(this.#tokens[this.#at]) === "elif");
    let otherwise: Statement[] = [];
    if (keyword(this.#tokens[this.#at]) === "else") {
      this.#at++;
      otherwise = this.block(["fi"]);
    }
    this.#expect("fi");
    return { kind: "if", branches, otherwise };
  }

  #menuentry(): Statement {
    this.#at++;
    const words = this.#words();
    this.#expect("{");
    const body = this.block([]);
    this.#expect("}");
    return { kind: "menuentry", words, body };
  }
}

/**
 * Reads a script.
 * @throws {GrubSyntaxError} when it is none, or uses what is not emulated
 */
export function parseGrubScript(text: string): Statement[] {
  if (text.length > MAX_SCRIPT) throw new GrubSyntaxError(`longer than ${MAX_SCRIPT} characters`);
  const parser = new Parser(new Lexer(text.replaceAll("\r\n", "\n")).run());
  const statements = parser.block([]);
  if (!parser.finished) throw new GrubSyntaxError("a } stands alone");
  return statements;
}
