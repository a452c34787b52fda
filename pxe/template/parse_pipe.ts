/** The part of the parser below an action: pipelines, commands, operands, and the tokens they are made of. */
import { toText } from "../../base/byte_text.ts";
import { BUILTINS } from "./builtin.ts";
import { TemplateError } from "./error.ts";
import { Lexer } from "./lex.ts";
import { type Command, describePlace, type Operand, type Pipe } from "./node.ts";
import { NumberError, readChar, readComplex, readNumber } from "./number.ts";
import { quote, unquote } from "../../base/go_quote.ts";
import { describeToken, type Token, type TokenKind } from "./token.ts";

/** How deep parentheses may stand in each other; Go stops at 10,000, which a JavaScript stack does not hold. */
const MAX_PARENS = 500;
/** How long a template may be, but for its text: parsing must not take long. */
const MAX_TOKENS = 100_000;
/** How many variables may exist at one place: each use looks through them. */
const MAX_VARIABLES = 1000;

const STARTS_OPERAND: ReadonlySet<TokenKind> = new Set<TokenKind>([
  "bool",
  "charConstant",
  "complex",
  "dot",
  "field",
  "identifier",
  "number",
  "nil",
  "rawString",
  "string",
  "variable",
  "leftParen",
]);
const NOT_EXECUTABLE: ReadonlySet<Operand["kind"]> = new Set(["bool", "dot", "nil", "number", "string"]);

/** Parses pipelines; what surrounds them is {@link parseText}'s. */
export abstract class PipeParser {
  readonly #lexer: Lexer;
  /** Tokens to be read again, the next one last; the first is the newest that the lexer gave. */
  readonly #tokens: [Token, Token, Token];
  #pushedBack = 0;
  #count = 0;
  #parens = 0;
  /** Names of the variables that exist here. */
  protected readonly variables = ["$"];
  /** Line where the current action began, 0 outside of one. */
  protected actionLine = 0;

  constructor(text: string) {
    this.#lexer = new Lexer(text);
    const none: Token = { kind: "eof", at: 0, value: "", line: 1 };
    this.#tokens = [none, none, none];
  }

  protected next(): Token {
    if (this.#pushedBack > 0) this.#pushedBack--;
    else {
      this.#tokens[0] = this.#lexer.next();
      if (++this.#count > MAX_TOKENS) this.fail(`more than ${MAX_TOKENS} tokens`);
    }
    return this.#tokens[this.#pushedBack]!;
  }

  protected peek(): Token {
    const token = this.next();
    this.#pushedBack++;
    return token;
  }

  /** Gives the last token back, after those given, which came before it. */
  protected backup(...before: Token[]): void {
    before.reverse().forEach((token, i) => this.#tokens[i + 1] = token);
    this.#pushedBack = before.length === 0 ? this.#pushedBack + 1 : before.length + 1;
  }

  protected nextNonSpace(): Token {
    let token = this.next();
    while (token.kind === "space") token = this.next();
    return token;
  }

  protected peekNonSpace(): Token {
    const token = this.nextNonSpace();
    this.#pushedBack++;
    return token;
  }

  protected expect(kind: TokenKind, context: string): Token {
    const token = this.nextNonSpace();
    return token.kind === kind ? token : this.unexpected(token, context);
  }

  protected fail(message: string): never {
    throw new TemplateError("parse", toText(`template: :${this.#tokens[0].line}: ${message}`));
  }

  protected unexpected(token: Token, context: string): never {
    if (token.kind !== "error") this.fail(`unexpected ${describeToken(token)} in ${context}`);
    const elsewhere = this.actionLine !== 0 && this.actionLine !== token.line;
    const action = token.value.endsWith(" action") ? "" : " in action";
    this.fail(token.value + (elsewhere ? `${action} started at :${this.actionLine}` : ""));
  }

  /** A pipeline up to `end`. */
  protected pipeline(context: string, end: "rightDelim" | "rightParen"): Pipe {
    const { at } = this.peekNonSpace();
    const { variables, assigns } = this.#declarations(context);
    const commands: Command[] = [];
    for (;;) {
      const token = this.nextNonSpace();
      if (token.kind === end) break;
      if (!STARTS_OPERAND.has(token.kind)) this.unexpected(token, context);
      this.backup();
      commands.push(this.#command());
    }
    if (commands.length === 0) this.fail(`missing value for ${context}`);
    const stage = commands.findIndex((command, i) => i > 0 && NOT_EXECUTABLE.has(command.args[0]!.kind));
    if (stage > 0) this.fail(`non executable command in pipeline stage ${stage + 1}`);
    return { kind: "pipe", at, assigns, variables, commands };
  }

  #declarations(context: string): { variables: string[]; assigns: boolean } {
    const variables: string[] = [];
    for (;;) {
      const variable = this.peekNonSpace();
      if (variable.kind !== "variable") return { variables, assigns: false };
      this.next();
      const after = this.peek();
      const next = this.peekNonSpace();
      const comma = next.kind === "char" && next.value === ",";
      if (next.kind !== "assign" && next.kind !== "declare" && !comma) {
        this.backup(...(after.kind === "space" ? [variable, after] : [variable]));
        return { variables, assigns: false };
      }
      this.nextNonSpace();
      variables.push(variable.value);
      if (this.variables.length >= MAX_VARIABLES) this.fail(`more than ${MAX_VARIABLES} variables`);
      this.variables.push(variable.value);
      if (!comma) return { variables, assigns: next.kind === "assign" };
      if (context !== "range" || variables.length > 1) this.fail(`too many declarations in ${context}`);
      const { kind } = this.peekNonSpace();
      if (kind !== "variable" && kind !== "rightDelim" && kind !== "rightParen") {
        this.fail("range can only initialize variables");
      }
    }
  }

  #command(): Command {
    const { at } = this.peekNonSpace();
    const args: Operand[] = [];
    for (;;) {
      this.peekNonSpace();
      const operand = this.#operand();
      if (operand !== undefined) args.push(operand);
      const token = this.next();
      if (token.kind === "space") continue;
      if (token.kind === "rightDelim" || token.kind === "rightParen") this.backup();
      else if (token.kind !== "pipe") this.unexpected(token, "operand");
      break;
    }
    if (args.length === 0) this.fail("empty command");
    return { at, args };
  }

  #operand(): Operand | undefined {
    const of = this.#term();
    if (of === undefined || this.peek().kind !== "field") return of;
    const { at } = this.peek();
    const names: string[] = [];
    while (this.peek().kind === "field") names.push(this.next().value.slice(1));
    if (of.kind === "field" || of.kind === "variable") return { kind: of.kind, at, names: [...of.names, ...names] };
    if (NOT_EXECUTABLE.has(of.kind)) this.fail(`unexpected . after term ${quote(describePlace(of))}`);
    return { kind: "chain", at, of, names };
  }

  #term(): Operand | undefined {
    const { kind, at, value } = this.nextNonSpace();
    switch (kind) {
      case "identifier":
        if (!BUILTINS.has(value)) this.fail(`function ${quote(value)} not defined`);
        return { kind, at, name: value };
      case "dot":
      case "nil":
        return { kind, at };
      case "variable":
        if (!this.variables.includes(value)) this.fail(`undefined variable ${quote(value)}`);
        return { kind, at, names: [value] };
      case "field":
        return { kind, at, names: [value.slice(1)] };
      case "bool":
        return { kind, at, value: value === "true" };
      case "charConstant":
      case "complex":
      case "number":
        return this.#number(kind, at, value);
      case "string":
      case "rawString":
        return { kind: "string", at, written: value, value: unquote(value) ?? this.fail("invalid syntax") };
      case "leftParen":
        return this.#parenthesized();
    }
    this.backup();
  }

  #parenthesized(): Pipe {
    if (this.#parens >= MAX_PARENS) this.fail("max expression depth exceeded");
    this.#parens++;
    const pipe = this.pipeline("parenthesized pipeline", "rightParen");
    this.#parens--;
    return pipe;
  }

  #number(kind: "charConstant" | "complex" | "number", at: number, written: string): Operand {
    const read = { charConstant: readChar, complex: readComplex, number: readNumber }[kind];
    try {
      return { kind: "number", at, written, value: read(written) };
    } catch (error) {
      if (error instanceof NumberError) this.fail(error.message);
      throw error;
    }
  }
}
