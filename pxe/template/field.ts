/** What `.Name` means for a value: a method, a field, a map's entry, or one of Go's errors. */
import { CallError, type Execution } from "./execution.ts";
import { type GoType, type Method } from "./go_type.ts";
import { invoke } from "./method.ts";
import type { Place } from "./node.ts";
import { entryOf, GoValue, indirect, readField, type Value, zeroOf } from "./value.ts";

/** Evaluates a word for a parameter of that type; null takes anything. */
export type Argument = (x: Execution, dot: Value, want: GoType | null) => Value;

/** What stands in a pipeline before its first command. */
export const MISSING = Symbol("no value was piped in");
/** The value piped into a command as its last argument. */
export type Piped = Value | typeof MISSING;

/** A nil pointer to these reads as zero counters (contract 11.6); as a value it stays nil. */
const NIL_IS_ZERO: ReadonlySet<string> = new Set(["v1alpha3.OperationsSpec", "v1alpha3.OperationsStatus"]);

/** A value made fit for a parameter's type, as Go assigns it. */
export function assignable(x: Execution, value: Value, want: GoType | null): Value {
  if (want === null || value?.type === want) return value;
  if (value === undefined) {
    if (/^(ptr|slice|map)$/.test(want.kind)) return new GoValue(want, null);
    return x.fail(`invalid value; expected ${want.name}`);
  }
  if (value.type.elem === want && value.type.kind === "ptr") {
    return indirect(value) ?? x.fail(`dereference of nil pointer of type ${want.name}`);
  }
  if (want.kind === "ptr" && want.elem === value.type && value.addressable) {
    return new GoValue(want, { value, home: value.raw, slot: "" });
  }
  return x.fail(`wrong type for value; expected ${want.name}; got ${value.type.name}`);
}

function checkResults(x: Execution, { name, results }: Method): void {
  if (results.length === 1 || (results.length === 2 && results[1] === "error")) return;
  if (results.length !== 2) x.fail(`function ${name} has ${results.length} return values; should be 1 or 2`);
  x.fail(`invalid function signature for ${name}: second return value should be error; is ${results[1]}`);
}

/** A use of a name: what it is applied to, and what is given along. */
export interface Selection {
  readonly name: string;
  /** What an error points at. */
  readonly place: Place;
  readonly args: readonly Argument[];
  readonly piped: Piped;
}

function callMethod(x: Execution, dot: Value, receiver: GoValue, method: Method, selection: Selection): Value {
  const { args, piped, place } = selection;
  const given = args.length + (piped === MISSING ? 0 : 1);
  const { params, name } = method;
  if (given !== params.length) x.fail(`wrong number of args for ${name}: want ${params.length} got ${given}`);
  checkResults(x, method);
  const values = args.map((arg, i) => arg(x, dot, params[i]!));
  if (piped !== MISSING) values.push(assignable(x, piped, params[params.length - 1]!));
  try {
    const result = invoke(receiver, method, values);
    if (result?.type.kind === "string") x.budget.bytes((result.raw as string).length);
    return result;
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    x.place = place;
    return x.fail(`error calling ${name}: ${error.message}`);
  }
}

function ofNil(x: Execution, { type }: GoValue, name: string): Value {
  const elem = type.elem!;
  const path = elem.fieldPath(name);
  if (path === undefined && elem.kind === "struct") return x.fail(`can't evaluate field ${name} in type ${type.name}`);
  if (path !== undefined && NIL_IS_ZERO.has(elem.name)) return zeroOf(path[0]!.type);
  return x.fail(`nil pointer evaluating ${type.name}.${name}`);
}

/** The value of `receiver.name`. */
export function select(x: Execution, dot: Value, receiver: Value, selection: Selection): Value {
  if (receiver === undefined) return undefined;
  const { name, args, piped } = selection;
  const { type } = receiver;
  const isPointer = type.kind === "ptr";
  const method = (isPointer ? type.elem! : type).methods.get(name);
  if (method !== undefined && (!method.onPointer || isPointer || receiver.addressable)) {
    return callMethod(x, dot, receiver, method, selection);
  }
  const target = indirect(receiver);
  if (target === null) return ofNil(x, receiver, name);
  const hasArguments = args.length > 0 || piped !== MISSING;
  if (target.type.kind === "struct") {
    const path = target.type.fieldPath(name);
    if (path !== undefined) {
      if (!/^\p{Lu}/u.test(name)) x.fail(`${name} is an unexported field of struct type ${type.name}`);
      if (hasArguments) x.fail(`${name} has arguments but cannot be invoked as function`);
      return path.length === 1 ? readField(target, path[0]!) : path.reduce(readField, target);
    }
  }
  if (target.type.kind === "map") {
    if (hasArguments) x.fail(`${name} is not a method but has arguments`);
    return entryOf(target, name);
  }
  return x.fail(`can't evaluate field ${name} in type ${type.name}`);
}
