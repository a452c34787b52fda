/** Where a text stops being JSON, in the words of Go's encoding/json: kubectl shows them, and people search for them. */

const SPACE = /[ \t\r\n]/;
const MAX_DEPTH = 1000;

/** What is wrong with a text as JSON; undefined when nothing is, or nothing that the bytes alone show. */
export function jsonProblem(bytes: Uint8Array): string | undefined {
  try {
    new Scanner(bytes).document();
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return error.message;
    throw error;
  }
}

/** A byte as Go quotes it. */
function quoted(byte: number): string {
  if (byte === 0x27) return "'\\''";
  const named: Readonly<Record<number, string>> = {
    7: "a",
    8: "b",
    9: "t",
    10: "n",
    11: "v",
    12: "f",
    13: "r",
    92: "\\",
  };
  if (named[byte] !== undefined) return `'\\${named[byte]}'`;
  const hex = byte.toString(16).padStart(2, "0");
  if (byte < 0x20 || byte === 0x7f) return `'\\x${hex}'`;
  if (byte >= 0x80 && byte <= 0xa0 || byte === 0xad) return `'\\u00${hex}'`;
  return `'${String.fromCharCode(byte)}'`;
}

class Scanner {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  document(): void {
    this.#value(0);
    this.#space();
    if (this.#at < this.#bytes.length) this.#bad("after top-level value");
  }

  /** Fails at the next byte, or at the end. */
  #bad(where: string): never {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new SyntaxError("unexpected end of JSON input");
    throw new SyntaxError(`invalid character ${quoted(byte)} ${where}`);
  }

  #peek(): string {
    const byte = this.#bytes[this.#at];
    return byte === undefined ? "" : String.fromCharCode(byte);
  }

  #space(): void {
    while (SPACE.test(this.#peek())) this.#at++;
  }

  #take(character: string, where: string): void {
    if (this.#peek() !== character) this.#bad(where);
    this.#at++;
  }

  #value(depth: number): void {
    this.#space();
    const first = this.#peek();
    if (depth > MAX_DEPTH && /[[{]/.test(first)) this.#bad("exceeded max depth");
    if (first === "{") return this.#object(depth);
    if (first === "[") return this.#array(depth);
    if (first === '"') return this.#string();
    for (const literal of ["true", "false", "null"]) if (literal[0] === first) return this.#literal(literal);
    if (/[-0-9]/.test(first)) return this.#number();
    this.#bad("looking for beginning of value");
  }

  #object(depth: number): void {
    this.#at++;
    this.#space();
    if (this.#peek() === "}") return void this.#at++;
    for (;;) {
      this.#space();
      if (this.#peek() !== '"') this.#bad("looking for beginning of object key string");
      this.#string();
      this.#space();
      this.#take(":", "after object key");
      this.#value(depth + 1);
      this.#space();
      if (this.#peek() === "}") return void this.#at++;
      this.#take(",", "after object key:value pair");
    }
  }

  #array(depth: number): void {
    this.#at++;
    this.#space();
    if (this.#peek() === "]") return void this.#at++;
    for (;;) {
      this.#value(depth + 1);
      this.#space();
      if (this.#peek() === "]") return void this.#at++;
      this.#take(",", "after array element");
    }
  }

  #string(): void {
    this.#at++;
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined || byte < 0x20) this.#bad("in string literal");
      this.#at++;
      if (byte === 0x22) return;
      if (byte === 0x5c) this.#escape();
    }
  }

  #escape(): void {
    const code = this.#peek();
    if (!/["\\/bfnrtu]/.test(code)) this.#bad("in string escape code");
    this.#at++;
    if (code !== "u") return;
    for (let digit = 0; digit < 4; digit++) {
      if (!/[0-9a-fA-F]/.test(this.#peek())) this.#bad("in \\u hexadecimal character escape");
      this.#at++;
    }
  }

  #literal(literal: string): void {
    for (const letter of literal) {
      if (this.#peek() !== letter) this.#bad(`in literal ${literal} (expecting '${letter}')`);
      this.#at++;
    }
  }

  #digits(where: string): void {
    if (!/[0-9]/.test(this.#peek())) this.#bad(where);
    while (/[0-9]/.test(this.#peek())) this.#at++;
  }

  #number(): void {
    if (this.#peek() === "-") this.#at++;
    if (this.#peek() === "0") this.#at++;
    else this.#digits("in numeric literal");
    if (this.#peek() === ".") {
      this.#at++;
      this.#digits("after decimal point in numeric literal");
    }
    if (/[eE]/.test(this.#peek())) {
      this.#at++;
      if (/[-+]/.test(this.#peek())) this.#at++;
      this.#digits("in exponent of numeric literal");
    }
  }
}
