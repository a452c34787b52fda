/** One rendering: what was written, where it is, its variables, and how it fails. */
import { Budget, LimitError, type Limits } from "./budget.ts";
import { toText } from "../../base/byte_text.ts";
import { TemplateError } from "./error.ts";
import { describePlace, type Place } from "./node.ts";
import { quote } from "../../base/go_quote.ts";
import type { Value } from "./value.ts";

/** Go's limit and words. A JavaScript stack ends earlier: see {@link Limits.maxDepth}. */
const TOO_DEEP = "exceeded maximum template depth (100000)";

/** A function's own complaint; its call adds which function and where. */
export class CallError extends Error {
  override name = "CallError";
}

/** The state of one rendering. */
export class Execution {
  /** What was written, as byte text. */
  out = "";
  /** What is being evaluated: an error names it. */
  place: Place | undefined;
  /** Name of the template being executed. */
  template = "";
  readonly budget: Budget;
  readonly #text: string;
  #names: string[] = [];
  #values: Value[] = [];
  #depth = 0;

  /** @param text the template's byte text, which positions count in */
  constructor(text: string, limits: Limits | undefined) {
    this.#text = text;
    this.budget = new Budget(limits);
  }

  /** Ends the rendering with Go's message for the current place. */
  fail(message: string): never {
    const place = this.place;
    if (place === undefined) throw new TemplateError("exec", toText(`template: : ${message}`));
    const before = this.#text.slice(0, place.at);
    const line = before.split("\n").length;
    const column = place.at - (before.lastIndexOf("\n") + 1);
    const where = `executing ${quote(this.template)} at <${describePlace(place)}>`;
    throw new TemplateError("exec", toText(`template: :${line}:${column}: ${where}: ${message}`));
  }

  /** Runs a rendering; limits and a full stack become errors that name the place. */
  guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (error instanceof LimitError) this.fail(error.message);
      if (error instanceof RangeError && /call stack/.test(error.message)) this.fail(TOO_DEEP);
      throw error;
    }
  }

  /** Appends to the output. */
  write(text: string): void {
    this.out += text;
    if (this.out.length > this.budget.maxOutputBytes) {
      throw new LimitError(`writes more than ${this.budget.maxOutputBytes} bytes`);
    }
  }

  /** How many variables there are: to be given to {@link release}. */
  get mark(): number {
    return this.#names.length;
  }

  /** Forgets the variables made since. */
  release(mark: number): void {
    this.#names.length = this.#values.length = mark;
  }

  /** Makes a variable. */
  declare(name: string, value: Value): void {
    this.#names.push(name);
    this.#values.push(value);
  }

  /** Changes a variable. */
  assign(name: string, value: Value): void {
    this.#values[this.#find(name)] = value;
  }

  /** Changes the variable made last, or the one before it. */
  assignTop(distance: 1 | 2, value: Value): void {
    this.#values[this.#values.length - distance] = value;
  }

  /** A variable's value. */
  lookUp(name: string): Value {
    return this.#values[this.#find(name)];
  }

  #find(name: string): number {
    const at = this.#names.lastIndexOf(name);
    this.budget.step((this.#names.length - at) >> 5);
    return at >= 0 ? at : this.fail(`undefined variable: ${name}`);
  }

  /** Fails where one more call of a template would be too many. */
  checkDepth(): void {
    if (this.#depth >= this.budget.maxDepth) this.fail(TOO_DEEP);
  }

  /** Runs another template: its only variable is its data. */
  enter(template: string, data: Value, run: () => void): void {
    const outer = { template: this.template, names: this.#names, values: this.#values };
    this.template = template;
    this.#names = ["$"];
    this.#values = [data];
    this.#depth++;
    run();
    this.#depth--;
    this.template = outer.template;
    this.#names = outer.names;
    this.#values = outer.values;
  }
}
