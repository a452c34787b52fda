/** Text to tree, with Go's grammar and Go's words for what is wrong. */
import { toText } from "../../base/byte_text.ts";
import type { Branch, Node, Pipe, TemplateCall, Tree } from "./node.ts";
import { PipeParser } from "./parse_pipe.ts";
import type { Token } from "./token.ts";
import { quote, unquote } from "../../base/go_quote.ts";

/** How deep if, with, range, define and block may stand in each other: the parser and the engine recurse. */
const MAX_NESTING = 500;

type ListEnd = { readonly kind: "end" | "else"; readonly at: number };
type Item = Node | ListEnd;
const isEnd = (item: Item): item is ListEnd => item.kind === "end" || item.kind === "else";

const GO_SPACES = /^[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$/;

function isEmpty(list: readonly Node[]): boolean {
  return list.every((node) => node.kind === "text" && GO_SPACES.test(toText(node.text)));
}

class TemplateParser extends PipeParser {
  readonly lists = new Map<string, readonly Node[]>();
  #rangeDepth = 0;
  #nesting = 0;

  parse(): void {
    const list: Node[] = [];
    while (this.peek().kind !== "eof") {
      if (this.peek().kind === "leftDelim") {
        const delim = this.next();
        if (this.nextNonSpace().kind === "define") {
          this.#definition();
          continue;
        }
        this.backup(delim);
      }
      const item = this.#textOrAction();
      if (isEnd(item)) this.fail(`unexpected {{${item.kind}}}`);
      list.push(item);
    }
    this.#add("", list);
  }

  #add(name: string, list: readonly Node[]): void {
    const known = this.lists.get(name);
    if (known === undefined || isEmpty(known)) this.lists.set(name, list);
    else if (!isEmpty(list)) this.fail(`template: multiple definition of template ${quote(name)}`);
  }

  /** A body of its own: its variables and ranges are not those around it. */
  #ownBody(context: string, name: () => string): string {
    const variables = this.variables.splice(0, Infinity, "$");
    const rangeDepth = this.#rangeDepth;
    const actionLine = this.actionLine;
    this.#rangeDepth = this.actionLine = 0;
    const ownName = name();
    const { list, end } = this.#itemList();
    if (end.kind !== "end") this.fail(`unexpected {{${end.kind}}} in ${context}`);
    this.#add(ownName, list);
    this.variables.splice(0, Infinity, ...variables);
    this.#rangeDepth = rangeDepth;
    this.actionLine = actionLine;
    return ownName;
  }

  #definition(): void {
    this.#ownBody("define clause", () => {
      const name = this.#templateName(this.nextNonSpace(), "define clause");
      this.expect("rightDelim", "define clause");
      return name;
    });
  }

  #itemList(): { list: Node[]; end: ListEnd } {
    if (++this.#nesting > MAX_NESTING) this.fail(`blocks nested more than ${MAX_NESTING} deep`);
    const list: Node[] = [];
    while (this.peekNonSpace().kind !== "eof") {
      const item = this.#textOrAction();
      if (isEnd(item)) {
        this.#nesting--;
        return { list, end: item };
      }
      list.push(item);
    }
    return this.fail("unexpected EOF");
  }

  #textOrAction(): Item {
    const token = this.nextNonSpace();
    if (token.kind === "text") return { kind: "text", at: token.at, text: token.value };
    if (token.kind !== "leftDelim") return this.unexpected(token, "input");
    this.actionLine = token.line;
    const item = this.#action();
    this.actionLine = 0;
    return item;
  }

  #action(): Item {
    const token = this.nextNonSpace();
    switch (token.kind) {
      case "block":
        return this.#block();
      case "break":
      case "continue":
        return this.#leaveRange(token.kind, token.at);
      case "else":
        return this.#else();
      case "end":
        return { kind: "end", at: this.expect("rightDelim", "end").at };
      case "if":
      case "range":
      case "with":
        return this.#branch(token.kind);
      case "template":
        return this.#templateCall();
    }
    this.backup();
    const { at } = this.peek();
    return { kind: "action", at, pipe: this.pipeline("command", "rightDelim") };
  }

  #leaveRange(kind: "break" | "continue", at: number): Node {
    const token = this.nextNonSpace();
    if (token.kind !== "rightDelim") this.unexpected(token, `{{${kind}}}`);
    if (this.#rangeDepth === 0) this.fail(`{{${kind}}} outside {{range}}`);
    return { kind, at };
  }

  #else(): ListEnd {
    const next = this.peekNonSpace();
    if (next.kind === "if" || next.kind === "with") return { kind: "else", at: next.at };
    return { kind: "else", at: this.expect("rightDelim", "else").at };
  }

  #branch(kind: Branch["kind"]): Branch {
    const outer = this.variables.length;
    const pipe = this.pipeline(kind, "rightDelim");
    if (kind === "range") this.#rangeDepth++;
    const { list, end } = this.#itemList();
    if (kind === "range") this.#rangeDepth--;
    const branch: Branch = { kind, at: pipe.at, pipe, list };
    const whole = end.kind === "else" ? { ...branch, otherwise: this.#elseList(kind) } : branch;
    this.variables.length = outer;
    return whole;
  }

  #elseList(kind: Branch["kind"]): readonly Node[] {
    if (kind !== "range" && this.peek().kind === kind) {
      if (++this.#nesting > MAX_NESTING) this.fail(`blocks nested more than ${MAX_NESTING} deep`);
      this.next();
      const branch = this.#branch(kind);
      this.#nesting--;
      return [branch];
    }
    const { list, end } = this.#itemList();
    if (end.kind !== "end") this.fail(`expected end; found {{${end.kind}}}`);
    return list;
  }

  #templateName(token: Token, context: string): string {
    if (token.kind !== "string" && token.kind !== "rawString") this.unexpected(token, context);
    return unquote(token.value) ?? this.fail("invalid syntax");
  }

  #templateCall(): TemplateCall {
    const token = this.nextNonSpace();
    const name = this.#templateName(token, "template clause");
    if (this.nextNonSpace().kind === "rightDelim") return { kind: "template", at: token.at, name };
    this.backup();
    return { kind: "template", at: token.at, name, pipe: this.pipeline("template clause", "rightDelim") };
  }

  #block(): TemplateCall {
    const token = this.nextNonSpace();
    const name = this.#templateName(token, "block clause");
    const pipe: Pipe = this.pipeline("block clause", "rightDelim");
    this.#ownBody("block clause", () => name);
    return { kind: "template", at: token.at, name, pipe };
  }
}

/**
 * Parses byte text.
 * @throws {TemplateError} with phase "parse"
 */
export function parseText(text: string): Tree {
  const parser = new TemplateParser(text);
  parser.parse();
  return { text, lists: parser.lists };
}
