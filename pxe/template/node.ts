/** The tree of a parsed template. `at` is the byte where messages say the node is. */
import { quote } from "../../base/go_quote.ts";

/** What a number literal may be taken for. */
export interface NumberValue {
  /** A safe integer as a number, else a bigint; absent where the literal has no such value. */
  readonly int?: number | bigint;
  readonly uint?: number | bigint;
  readonly float?: number;
  readonly imaginary?: { readonly re: number; readonly im: number };
}

/** What can stand as a word of a command. */
export type Operand =
  | { readonly kind: "dot" | "nil"; readonly at: number }
  | { readonly kind: "bool"; readonly at: number; readonly value: boolean }
  | { readonly kind: "number"; readonly at: number; readonly written: string; readonly value: NumberValue }
  | { readonly kind: "string"; readonly at: number; readonly written: string; readonly value: string }
  | { readonly kind: "identifier"; readonly at: number; readonly name: string }
  | { readonly kind: "field"; readonly at: number; readonly names: readonly string[] }
  /** `names` holds the variable, with its dollar, and fields of it. */
  | { readonly kind: "variable"; readonly at: number; readonly names: readonly string[] }
  | { readonly kind: "chain"; readonly at: number; readonly of: Operand; readonly names: readonly string[] }
  | Pipe;

/** One command of a pipeline. */
export interface Command {
  readonly at: number;
  readonly args: readonly Operand[];
}

/** A pipeline, with the variables it sets. */
export interface Pipe {
  readonly kind: "pipe";
  readonly at: number;
  readonly assigns: boolean;
  readonly variables: readonly string[];
  readonly commands: readonly Command[];
}

/** A branch: if, with or range. */
export interface Branch {
  readonly kind: "if" | "with" | "range";
  readonly at: number;
  readonly pipe: Pipe;
  readonly list: readonly Node[];
  readonly otherwise?: readonly Node[];
}

/** A call of another template; also what a block leaves in its place. */
export interface TemplateCall {
  readonly kind: "template";
  readonly at: number;
  readonly name: string;
  readonly pipe?: Pipe;
}

/** What stands in a template's text. */
export type Node =
  | { readonly kind: "text"; readonly at: number; readonly text: string }
  | { readonly kind: "action"; readonly at: number; readonly pipe: Pipe }
  | { readonly kind: "break" | "continue"; readonly at: number }
  | Branch
  | TemplateCall;

/** A parsed text: the lists of every template it defines, by name; its own has the empty name. */
export interface Tree {
  readonly text: string;
  readonly lists: ReadonlyMap<string, readonly Node[]>;
}

function describeOperand(operand: Operand): string {
  switch (operand.kind) {
    case "dot":
      return ".";
    case "nil":
      return "nil";
    case "bool":
      return String(operand.value);
    case "number":
    case "string":
      return operand.written;
    case "identifier":
      return operand.name;
    case "field":
      return `.${operand.names.join(".")}`;
    case "variable":
      return operand.names.join(".");
    case "chain":
      return `${describeArgument(operand.of)}.${operand.names.join(".")}`;
    case "pipe": {
      const sets = operand.variables.join(", ") + (operand.assigns ? " = " : " := ");
      return (operand.variables.length > 0 ? sets : "") + operand.commands.map(describeCommand).join(" | ");
    }
  }
}

/** An operand as a word of a command. */
function describeArgument(operand: Operand): string {
  return operand.kind === "pipe" ? `(${describeOperand(operand)})` : describeOperand(operand);
}

function describeCommand(command: Command): string {
  return command.args.map(describeArgument).join(" ");
}

/** What an execution error can point at. */
export type Place = Operand | Command | TemplateCall;

/** A node the way messages show it. */
export function describePlace(place: Place): string {
  if (!("kind" in place)) return describeCommand(place);
  if (place.kind !== "template") return describeOperand(place);
  return `{{template ${quote(place.name)}${place.pipe === undefined ? "" : ` ${describeOperand(place.pipe)}`}}}`;
}
