/** Label selectors (Kubernetes documentation, Labels and Selectors, "API"), with Kubernetes' texts for those that cannot be read. */
import { labelKeyProblems, labelValueProblems } from "./label_names.ts";
import { quoted } from "../schema/field_error.ts";
import { badRequest } from "../status_error.ts";

/** Whether an object with these labels is meant. */
export type LabelMatch = (labels: Readonly<Record<string, unknown>>) => boolean;

type Operator = "in" | "notin" | "=" | "==" | "!=" | "gt" | "lt" | "exists" | "!";

interface Token {
  readonly kind: "word" | "end" | Operator | "(" | ")" | ",";
  readonly text: string;
}

const SYMBOLS: ReadonlyMap<string, Token["kind"]> = new Map([
  ["=", "="],
  ["==", "=="],
  ["!=", "!="],
  ["!", "!"],
  [">", "gt"],
  ["<", "lt"],
  ["(", "("],
  [")", ")"],
  [",", ","],
]);
const END: Token = { kind: "end", text: "" };

function tokensOf(text: string): Token[] {
  return Array.from(text.matchAll(/==|!=|[=!><(),]|[^=!><(), \t\r\n]+/g), ([word]) => ({
    kind: SYMBOLS.get(word) ?? "word",
    text: word,
  }));
}

/** The text cannot be read. */
class SelectorError extends Error {}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  get #next(): Token {
    return this.#tokens[this.#at] ?? END;
  }

  #take(): Token {
    const token = this.#next;
    this.#at++;
    return token;
  }

  /** All requirements; an object must meet every one. */
  selector(): LabelMatch[] {
    const all: LabelMatch[] = [];
    while (this.#next.kind === "word" || this.#next.kind === "!") {
      all.push(this.#requirement());
      const { kind, text } = this.#take();
      if (kind === "end") return all;
      if (kind !== ",") throw new SelectorError(`found '${text}', expected: ',' or 'end of string'`);
      if (this.#next.kind !== "word" && this.#next.kind !== "!") {
        throw new SelectorError(`found '${this.#next.text}', expected: identifier after ','`);
      }
    }
    if (this.#next.kind === "end") return all;
    throw new SelectorError(`found '${this.#next.text}', expected: !, identifier, or 'end of string'`);
  }

  #requirement(): LabelMatch {
    try {
      const absent = this.#next.kind === "!";
      if (absent) this.#take();
      const key = this.#take();
      if (key.kind !== "word") throw new SelectorError(`found '${key.text}', expected: identifier`);
      const problems = labelKeyProblems(key.text).join("; ");
      if (problems !== "") throw new SelectorError(`<nil>: Invalid value: ${quoted(key.text)}: ${problems}`);
      if (absent) return (labels) => !Object.hasOwn(labels, key.text);
      if (this.#next.kind === "end" || this.#next.kind === ",") return (labels) => Object.hasOwn(labels, key.text);
      return this.#comparison(key.text);
    } catch (error) {
      if (error instanceof SelectorError) throw new SelectorError(`unable to parse requirement: ${error.message}`);
      throw error;
    }
  }

  #comparison(key: string): LabelMatch {
    const { kind, text } = this.#take();
    const operator = kind === "word" && (text === "in" || text === "notin") ? text : kind;
    if (operator === "in" || operator === "notin") return member(key, this.#values(), operator === "in");
    if (operator === "=" || operator === "==") return member(key, [this.#value()], true);
    if (operator === "!=") return member(key, [this.#value()], false);
    if (operator === "gt" || operator === "lt") return ordered(key, this.#value(), operator === "gt");
    throw new SelectorError(`found '${text}', expected: in, notin, =, ==, !=, gt, lt`);
  }

  #value(): string {
    if (this.#next.kind === "end" || this.#next.kind === ",") return "";
    const { kind, text } = this.#take();
    if (kind !== "word") throw new SelectorError(`found '${text}', expected: identifier`);
    return text;
  }

  /** `(a, b)`; a value may be empty, as in `(a,)`. */
  #values(): string[] {
    const open = this.#take();
    if (open.kind !== "(") throw new SelectorError(`found '${open.text}' expected: '('`);
    const values: string[] = [];
    for (;;) {
      if (this.#next.kind === "word") values.push(this.#take().text);
      else if (this.#next.kind === "," || this.#next.kind === ")") values.push("");
      else {throw new SelectorError(
          `found '${this.#next.text}', expected: ',', ${values.length === 0 ? "')' " : ""}or identifier`,
        );}
      const { kind, text } = this.#take();
      if (kind === ")") return values;
      if (kind !== ",") throw new SelectorError(`found '${text}', expected: ',' or ')'`);
    }
  }
}

function member(key: string, values: readonly string[], wanted: boolean): LabelMatch {
  checkValues(key, values);
  const set = new Set<unknown>(values);
  return (labels) => (Object.hasOwn(labels, key) && set.has(labels[key])) === wanted;
}

function checkValues(key: string, values: readonly string[]): void {
  const wrong = values.flatMap((value, index) => {
    const problems = labelValueProblems(value).join("; ");
    return problems === "" ? [] : [`values[${index}][${key}]: Invalid value: ${quoted(value)}: ${problems}`];
  });
  if (wrong.length > 0) throw new SelectorError(wrong.length === 1 ? wrong[0] : `[${wrong.join(", ")}]`);
}

/** An int64, as Go reads it. */
function toInteger(text: unknown): bigint | undefined {
  if (typeof text !== "string" || !/^[+-]?\d{1,19}$/.test(text)) return undefined;
  const value = BigInt(text.replace("+", ""));
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

function ordered(key: string, value: string, greater: boolean): LabelMatch {
  const limit = toInteger(value);
  if (limit === undefined) {
    throw new SelectorError(
      `values[0]: Invalid value: ${quoted(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
    );
  }
  checkValues(key, [value]);
  return (labels) => {
    const label = Object.hasOwn(labels, key) ? toInteger(labels[key]) : undefined;
    return label !== undefined && (greater ? label > limit : label < limit);
  };
}

/**
 * Reads a label selector; the empty one means all.
 * @throws {StatusError} 400
 */
export function parseLabelSelector(text: string): LabelMatch {
  try {
    const all = new Parser(text).selector();
    return (labels) => all.every((match) => match(labels));
  } catch (error) {
    if (error instanceof SelectorError) throw badRequest(error.message);
    throw error;
  }
}
