/** The functions that templates can call. */
import type { Budget } from "./budget.ts";
import { equal, less, lessOrEqual } from "./compare.ts";
import { escapeHtml, escapeJs, escapeQuery } from "./escape.ts";
import { CallError } from "./execution.ts";
import { type GoType, goType } from "./go_type.ts";
import { sprint, sprintf, sprintln } from "./printf.ts";
import {
  boolValue,
  elementOf,
  entryOf,
  GoValue,
  indirect,
  intValue,
  isTrue,
  lengthOf,
  sizeOf,
  stringValue,
  type Value,
  zeroOf,
} from "./value.ts";

/** A function of templates. */
export interface Builtin {
  /** How many arguments it needs, and with `variadic` may have more of. */
  readonly fixed: number;
  /** Whether it takes any number more. */
  readonly variadic: boolean;
  /** Type of the first argument, null for any. */
  readonly first: GoType | null;
  /** Absent for and, or and call: whether their arguments are evaluated depends on what comes before them. */
  readonly call?: Call;
}

/** Does what a function does. */
export type Call = (budget: Budget, args: readonly Value[]) => Value;

/** What an action prints for a value: pointers are followed, and methods on pointers count where Go can call them. */
export function printable(value: Value): GoValue {
  const shown = value === undefined ? undefined : indirect(value) ?? value;
  if (shown === undefined) return stringValue("<no value>");
  if (!shown.addressable || shown.type.stringer !== "pointer") return shown;
  return new GoValue(goType(`*${shown.type.name}`), { value: shown, home: shown.raw, slot: "" });
}

const INTEGER = /^u?int/;

function position(index: Value, most: number): number {
  if (index === undefined) throw new CallError("cannot index slice/array with nil");
  if (!INTEGER.test(index.type.kind)) throw new CallError(`cannot index slice/array with type ${index.type.name}`);
  const at = index.raw as number | bigint;
  if (at < 0 || at > most) throw new CallError(`index out of range: ${at}`);
  return Number(at);
}

function key(index: Value): string {
  if (index === undefined) throw new CallError("value is nil; should be of type string");
  if (index.type.name !== "string") throw new CallError(`value has type ${index.type.name}; should be string`);
  return index.raw as string;
}

function indexOne(item: GoValue, index: Value): GoValue {
  const target = indirect(item);
  if (target === null) throw new CallError("index of nil pointer");
  const { kind, name, elem } = target.type;
  if (kind === "map") return entryOf(target, key(index)) ?? zeroOf(elem!);
  if (kind !== "slice" && kind !== "string") throw new CallError(`can't index item of type ${name}`);
  const length = lengthOf(target)!;
  const at = position(index, length);
  if (at === length) throw new CallError(`reflect: ${kind} index out of range`);
  return elementOf(target, at);
}

function index(_: Budget, [item, ...indexes]: readonly Value[]): Value {
  if (item === undefined) throw new CallError("index of untyped nil");
  return indexes.reduce(indexOne, item);
}

function slice(budget: Budget, [item, ...indexes]: readonly Value[]): Value {
  if (item === undefined) throw new CallError("slice of untyped nil");
  const target = indirect(item);
  if (target === null) throw new CallError("slice of nil pointer");
  if (indexes.length > 3) throw new CallError(`too many slice indexes: ${indexes.length}`);
  const { kind, name } = target.type;
  if (kind === "string" && indexes.length === 3) throw new CallError("cannot 3-index slice a string");
  if (kind !== "string" && kind !== "slice") throw new CallError(`can't slice item of type ${name}`);
  const length = lengthOf(target)!;
  const [from = 0, to = length, capacity = length] = indexes.map((at) => position(at, length));
  if (from > to) throw new CallError(`invalid slice index: ${from} > ${to}`);
  if (to > capacity) throw new CallError(`invalid slice index: ${to} > ${capacity}`);
  if (kind === "string") return new GoValue(target.type, (target.raw as string).slice(from, to));
  budget.step(to - from);
  return new GoValue(target.type, (target.raw as unknown[] | null)?.slice(from, to) ?? null);
}

function length(budget: Budget, [item]: readonly Value[]): Value {
  if (item === undefined) throw new CallError("reflect: call of reflect.Value.Type on zero Value");
  const target = indirect(item);
  if (target === null) throw new CallError("len of nil pointer");
  const found = target.type.kind === "map" ? sizeOf(target, budget) : lengthOf(target);
  if (found === undefined) throw new CallError(`len of type ${target.type.name}`);
  return intValue(found);
}

function escaper(escape: (text: string) => string): Call {
  return (budget, args) => {
    const [only] = args;
    const plain = args.length === 1 && only?.type.name === "string";
    const text = plain ? only.raw as string : sprint(budget, args.map(printable));
    budget.step(text.length >> 2);
    const escaped = escape(text);
    budget.bytes(escaped.length - text.length);
    return stringValue(escaped);
  };
}

const STRING = goType("string");
const anything = (call: Call): Builtin => ({
  fixed: 0,
  variadic: true,
  first: null,
  call: (budget, args) => call(budget, args.map((arg) => arg?.copy)),
});
const values = (fixed: number, variadic: boolean, call: Call): Builtin => ({
  fixed,
  variadic,
  first: null,
  call,
});
const compares = (test: (budget: Budget, a: Value, b: Value) => boolean): Builtin =>
  values(2, false, (budget, [a, b]) => boolValue(test(budget, a, b)));

const FUNCTIONS: Readonly<Record<string, Builtin>> = {
  and: { fixed: 1, variadic: true, first: null },
  or: { fixed: 1, variadic: true, first: null },
  call: { fixed: 1, variadic: true, first: null },
  html: anything(escaper(escapeHtml)),
  js: anything(escaper(escapeJs)),
  urlquery: anything(escaper(escapeQuery)),
  index: values(1, true, index),
  slice: values(1, true, slice),
  len: values(1, false, length),
  not: values(1, false, (budget, [value]) => boolValue(!isTrue(value, budget))),
  print: anything((budget, args) => stringValue(sprint(budget, args))),
  println: anything((budget, args) => stringValue(sprintln(budget, args))),
  printf: {
    fixed: 1,
    variadic: true,
    first: STRING,
    call: (budget, [format, ...args]) =>
      stringValue(sprintf(budget, format!.raw as string, args.map((arg) => arg?.copy))),
  },
  eq: values(1, true, (budget, [first, ...others]) => boolValue(equal(budget, first, others))),
  ne: compares((budget, a, b) => !equal(budget, a, [b])),
  lt: compares(less),
  le: compares(lessOrEqual),
  gt: compares((budget, a, b) => !lessOrEqual(budget, a, b)),
  ge: compares((budget, a, b) => !less(budget, a, b)),
};

/** Every function, by name. */
export const BUILTINS: ReadonlyMap<string, Builtin> = new Map(Object.entries(FUNCTIONS));
