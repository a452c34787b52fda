/** Go's text/template: parsed once for each image, executed for each machine. */
import { fromBytes, fromText, toBytes } from "../../base/byte_text.ts";
import type { Limits } from "./budget.ts";
import { printable } from "./builtin.ts";
import { TemplateError } from "./error.ts";
import { compilePipe } from "./evaluate.ts";
import { Execution } from "./execution.ts";
import type { Branch, Node, TemplateCall } from "./node.ts";
import { parseText } from "./parse.ts";
import { sprint } from "./printf.ts";
import {
  elementOf,
  entryOf,
  GoValue,
  indirect,
  intValue,
  isTrue,
  lengthOf,
  sortedKeys,
  stringValue,
  type Value,
} from "./value.ts";

export { type Limits, TemplateError };
export { GoValue } from "./value.ts";

/** The longest text that is parsed. */
const MAX_TEXT_BYTES = 4 << 20;

/** How a list ended: at its end, or at {{break}} or {{continue}}. */
type End = "end" | "break" | "continue";
type Step = (x: Execution, dot: Value) => End;
type Lists = Map<string, Step>;

function compileList(nodes: readonly Node[], lists: Lists): Step {
  const steps = nodes.map((node) => compileNode(node, lists));
  return (x, dot) => {
    for (const step of steps) {
      x.budget.step();
      const end = step(x, dot);
      if (end !== "end") return end;
    }
    return "end";
  };
}

function compileNode(node: Node, lists: Lists): Step {
  switch (node.kind) {
    case "text":
      return (x) => {
        x.write(node.text);
        return "end";
      };
    case "break":
    case "continue":
      return () => node.kind;
    case "action":
      return compileAction(node);
    case "template":
      return compileTemplateCall(node, lists);
    case "range":
      return compileRange(node, lists);
    default:
      return compileBranch(node, lists);
  }
}

function compileAction({ pipe }: Extract<Node, { kind: "action" }>): Step {
  const evaluate = compilePipe(pipe);
  const prints = pipe.variables.length === 0;
  return (x, dot) => {
    const value = evaluate(x, dot);
    if (!prints) return "end";
    const shown = printable(value);
    x.write(shown.type.kind === "string" ? shown.raw as string : sprint(x.budget, [shown]));
    return "end";
  };
}

function compileBranch(branch: Branch, lists: Lists): Step {
  const evaluate = compilePipe(branch.pipe);
  const list = compileList(branch.list, lists);
  const otherwise = branch.otherwise && compileList(branch.otherwise, lists);
  const isWith = branch.kind === "with";
  return (x, dot) => {
    const mark = x.mark;
    const value = evaluate(x, dot);
    const end = isTrue(value, x.budget) ? list(x, isWith ? value : dot) : otherwise?.(x, dot) ?? "end";
    x.release(mark);
    return end;
  };
}

/** What a range goes through: pairs of index and element. */
function* rounds(value: GoValue): Iterable<readonly [Value, Value]> {
  const { kind } = value.type;
  if (kind === "map") {
    for (const key of sortedKeys(value)) yield [stringValue(key), entryOf(value, key)];
    return;
  }
  const count = kind === "slice" ? lengthOf(value)! : Number(value.raw);
  for (let i = 0; i < count; i++) {
    yield kind === "slice" ? [intValue(i), elementOf(value, i)] : [undefined, new GoValue(value.type, i)];
  }
}

function checkRange(x: Execution, value: GoValue, variables: number): void {
  const { kind } = value.type;
  if (kind === "map") x.budget.step(lengthOf(value)!);
  if (kind === "map" || kind === "slice") return;
  const shown = () => sprint(x.budget, [value]);
  if (!/^u?int/.test(kind)) x.fail(`range can't iterate over ${shown()}`);
  if (variables > 1) x.fail(`can't use ${shown()} to iterate over more than one variable`);
}

function compileRange(branch: Branch, lists: Lists): Step {
  const { variables, assigns } = branch.pipe;
  const evaluate = compilePipe(branch.pipe);
  const list = compileList(branch.list, lists);
  const otherwise = branch.otherwise && compileList(branch.otherwise, lists);
  const setVariables = (x: Execution, index: Value, element: Value) => {
    const two = variables.length > 1;
    if (assigns) {
      x.assign(variables[0]!, two ? index : element);
      if (two) x.assign(variables[1]!, element);
    } else if (variables.length > 0) {
      x.assignTop(1, element);
      if (two) x.assignTop(2, index);
    }
  };
  return (x, dot) => {
    const mark = x.mark;
    const found = evaluate(x, dot);
    const value = found === undefined ? undefined : indirect(found) ?? found;
    if (value !== undefined) checkRange(x, value, variables.length);
    const inner = x.mark;
    let ran = false;
    let end: End = "end";
    for (const [index, element] of value === undefined ? [] : rounds(value)) {
      ran = true;
      x.budget.step();
      setVariables(x, index, element);
      const ended = list(x, element);
      x.release(inner);
      if (ended === "break") break;
    }
    if (!ran && otherwise !== undefined) end = otherwise(x, dot);
    x.release(mark);
    return end;
  };
}

function compileTemplateCall(call: TemplateCall, lists: Lists): Step {
  const evaluate = call.pipe === undefined ? () => undefined : compilePipe(call.pipe);
  return (x, dot) => {
    x.place = call;
    const list = lists.get(call.name);
    if (list === undefined) return x.fail(`template "${call.name}" not defined`);
    x.checkDepth();
    const data = evaluate(x, dot);
    x.enter(call.name, data, () => list(x, data));
    return "end";
  };
}

/** A parsed template. It keeps nothing of what it renders. */
export class Template {
  readonly #text: string;
  readonly #lists: Lists = new Map();

  /** Use {@link parseTemplate}. */
  constructor(text: string) {
    const tree = parseText(text);
    this.#text = text;
    for (const [name, nodes] of tree.lists) this.#lists.set(name, compileList(nodes, this.#lists));
  }

  /**
   * Renders it.
   * @throws {TemplateError} with phase "exec" and Go's message, also where a limit is passed
   */
  execute(data: GoValue, limits?: Limits): Uint8Array<ArrayBuffer> {
    const x = new Execution(this.#text, limits);
    x.declare("$", data);
    x.guard(() => this.#lists.get("")!(x, data));
    return toBytes(x.out);
  }
}

/**
 * Parses a template.
 * @throws {TemplateError} with phase "parse" and Go's message
 */
export function parseTemplate(text: Uint8Array | string): Template {
  if (text.length > MAX_TEXT_BYTES) {
    throw new TemplateError("parse", `template: : ${text.length} bytes are more than ${MAX_TEXT_BYTES}`);
  }
  return new Template(typeof text === "string" ? fromText(text) : fromBytes(text));
}
