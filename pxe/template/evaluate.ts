/** Turns pipelines into functions, once for each template; a rendering only calls them. */
import { type Builtin, BUILTINS } from "./builtin.ts";
import { CallError, type Execution } from "./execution.ts";
import { type Argument, assignable, MISSING, type Piped, select } from "./field.ts";
import { goType } from "./go_type.ts";
import { type Command, describePlace, type Operand, type Pipe, type Place } from "./node.ts";
import { boolValue, GoValue, intValue, isTrue, stringValue, type Value } from "./value.ts";

/** A value, from the execution and its dot. */
export type Evaluate = (x: Execution, dot: Value) => Value;
type Run = (x: Execution, dot: Value, piped: Piped) => Value;
type Numeral = Extract<Operand, { kind: "number" }>;

const FLOAT64 = goType("float64");
const COMPLEX128 = goType("complex128");

/** A number where no type is asked for: complex, float or int by the way it is written. */
function idealNumber({ written, value }: Numeral): Value | string {
  if (value.imaginary !== undefined) return new GoValue(COMPLEX128, value.imaginary);
  const hexadecimal = /^0[xX][^pP]*$/.test(written);
  if (value.float !== undefined && !hexadecimal && !written.startsWith("'") && /[.eEpP]/.test(written)) {
    return new GoValue(FLOAT64, value.float);
  }
  return value.int === undefined ? `${written} overflows int` : intValue(value.int);
}

function compileNumber(operand: Numeral): Evaluate {
  const ideal = idealNumber(operand);
  return (x) => {
    x.place = operand;
    return typeof ideal === "string" ? x.fail(ideal) : ideal;
  };
}

const EXPECTED: Readonly<Record<string, string>> = {
  bool: "bool",
  string: "string",
  int: "integer",
  int64: "integer",
  uint8: "unsigned integer",
  uint64: "unsigned integer",
  float64: "float",
};

/** A constant for a parameter of its own type: only methods and printf's format have such. */
function constantFor(operand: Operand): Argument {
  const plain = operand.kind === "number" ? compileNumber(operand) : undefined;
  const fixed = operand.kind === "bool" || operand.kind === "string" ? constant(operand.value) : undefined;
  return (x, dot, want) => {
    x.place = operand;
    if (want === null) return plain === undefined ? fixed : plain(x, dot);
    const expected = EXPECTED[want.kind];
    if (expected === undefined) return x.fail(`can't handle ${describePlace(operand)} for arg of type ${want.name}`);
    if (operand.kind === want.kind) return new GoValue(want, fixed!.raw);
    if (operand.kind === "number") {
      const { int, uint, float } = operand.value;
      const value = expected === "integer"
        ? int
        : expected === "float"
        ? float
        : expected === "unsigned integer"
        ? uint
        : undefined;
      if (value !== undefined) return new GoValue(want, value);
    }
    return x.fail(`expected ${expected}; found ${describePlace(operand)}`);
  };
}

const constant = (value: boolean | string) => typeof value === "string" ? stringValue(value) : boolValue(value);

function compileArgument(operand: Operand): Argument {
  switch (operand.kind) {
    case "bool":
    case "string":
    case "number":
      return constantFor(operand);
    case "nil":
      return (x, _, want) => {
        x.place = operand;
        if (want === null) return undefined;
        return /^(ptr|slice|map)$/.test(want.kind)
          ? new GoValue(want, null)
          : x.fail(`cannot assign nil to ${want.name}`);
      };
    case "dot":
      return (x, dot, want) => {
        x.place = operand;
        return assignable(x, dot, want);
      };
  }
  const evaluate = compileWord(operand, [], operand);
  return (x, dot, want) => {
    x.place = operand;
    return assignable(x, evaluate(x, dot, MISSING), want);
  };
}

/** Follows names from a value; the last one takes the arguments. */
function follow(names: readonly string[], place: Place, args: readonly Argument[]) {
  const plain = names.slice(0, -1).map((name) => ({ name, place, args: [], piped: MISSING }) as const);
  const last = { name: names[names.length - 1]!, place, args };
  const alone = { ...last, piped: MISSING } as const;
  return (x: Execution, dot: Value, from: Value, piped: Piped): Value => {
    let value = from;
    for (const selection of plain) value = select(x, dot, value, selection);
    return select(x, dot, value, piped === MISSING ? alone : { ...last, piped });
  };
}

function refuseArguments(x: Execution, word: Operand, args: readonly Argument[], piped: Piped): void {
  if (args.length > 0 || piped !== MISSING) {
    x.fail(`can't give argument to non-function ${describePlace(word)}`);
  }
}

/** A word at the beginning of a command, or alone; `command` is what a failing function is shown as. */
function compileWord(word: Operand, args: readonly Argument[], command: Place): Run {
  switch (word.kind) {
    case "identifier":
      return compileCall(word.name, word, args, command);
    case "field": {
      const walk = follow(word.names, word, args);
      return (x, dot, piped) => {
        x.place = word;
        return walk(x, dot, dot, piped);
      };
    }
    case "chain": {
      const of = compileArgument(word.of);
      const walk = follow(word.names, word, args);
      return (x, dot, piped) => {
        x.place = word;
        return walk(x, dot, of(x, dot, null), piped);
      };
    }
    case "variable":
      return compileVariable(word, args);
    case "pipe": {
      const evaluate = compilePipe(word);
      return (x, dot, piped) => {
        refuseArguments(x, word, args, piped);
        return evaluate(x, dot);
      };
    }
  }
  const value = compilePlain(word);
  return (x, dot, piped) => {
    x.place = word;
    refuseArguments(x, word, args, piped);
    return value(x, dot);
  };
}

function compilePlain(
  word: Exclude<Operand, { kind: "identifier" | "field" | "chain" | "variable" | "pipe" }>,
): Evaluate {
  switch (word.kind) {
    case "dot":
      return (_, dot) => dot;
    case "nil":
      return (x) => x.fail("nil is not a command");
    case "number":
      return compileNumber(word);
    default: {
      const value = constant(word.value);
      return () => value;
    }
  }
}

function compileVariable(word: Extract<Operand, { kind: "variable" }>, args: readonly Argument[]): Run {
  const [name, ...names] = word.names;
  if (names.length === 0) {
    return (x, _, piped) => {
      x.place = word;
      const value = x.lookUp(name!);
      refuseArguments(x, word, args, piped);
      return value;
    };
  }
  const walk = follow(names, word, args);
  return (x, dot, piped) => {
    x.place = word;
    return walk(x, dot, x.lookUp(name!), piped);
  };
}

function compileCall(name: string, word: Operand, args: readonly Argument[], command: Place): Run {
  const builtin = BUILTINS.get(name)!;
  const evaluate = name === "and" || name === "or"
    ? compileLogic(name === "or", args)
    : name === "call"
    ? compileCallOf(args, command)
    : compileOrdinary(name, builtin, args, command);
  const { fixed, variadic } = builtin;
  return (x, dot, piped) => {
    x.place = word;
    const given = args.length + (piped === MISSING ? 0 : 1);
    if (variadic && given < fixed) {
      x.fail(`wrong number of args for ${name}: want at least ${fixed} got ${args.length}`);
    }
    if (!variadic && given !== fixed) x.fail(`wrong number of args for ${name}: want ${fixed} got ${given}`);
    return evaluate(x, dot, piped);
  };
}

function compileLogic(stopAt: boolean, args: readonly Argument[]): Run {
  return (x, dot, piped) => {
    let value: Value;
    for (const arg of args) {
      value = arg(x, dot, null);
      if (isTrue(value, x.budget) === stopAt) return value;
    }
    return piped === MISSING ? value : piped;
  };
}

/** `call`: there are no functions among the data, so it only ever fails. */
function compileCallOf(args: readonly Argument[], command: Place): Run {
  return (x, dot, piped) => {
    const values = args.map((arg) => arg(x, dot, null));
    const [callee] = piped === MISSING ? values : [...values, piped];
    x.place = command;
    if (callee === undefined) return x.fail("error calling call: call of nil");
    const first = "args" in command ? command.args[1] : undefined;
    const shown = first === undefined ? calleeText(callee) : describePlace(first);
    return x.fail(`error calling call: non-function ${shown} of type ${callee.type.name}`);
  };
}

/** How reflect shows a value of any type. */
function calleeText({ type, raw }: GoValue): string {
  return type.kind === "string" ? raw as string : `<${type.name} Value>`;
}

function compileOrdinary(name: string, builtin: Builtin, args: readonly Argument[], command: Place): Run {
  const run = builtin.call!;
  const { first } = builtin;
  return (x, dot, piped) => {
    const values: Value[] = [];
    for (let i = 0; i < args.length; i++) values.push(args[i]!(x, dot, i === 0 ? first : null));
    if (piped !== MISSING) values.push(args.length === 0 ? assignable(x, piped, first) : piped);
    try {
      return run(x.budget, values);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      x.place = command;
      return x.fail(`error calling ${name}: ${error.message}`);
    }
  };
}

function costOf(command: Command): number {
  const names = command.args.reduce((sum, arg) => sum + ("names" in arg ? arg.names.length : 0), 0);
  return 1 + command.args.length + (names >> 3);
}

function compileCommand(command: Command): Run {
  const [word, ...args] = command.args;
  const run = compileWord(word!, args.map(compileArgument), command);
  const cost = costOf(command) >> 1;
  return (x, dot, piped) => {
    x.budget.step(cost);
    return run(x, dot, piped);
  };
}

/** A pipeline; its variables are set as a side effect. */
export function compilePipe(pipe: Pipe): Evaluate {
  const [first, ...others] = pipe.commands.map(compileCommand);
  const { variables, assigns } = pipe;
  return (x, dot) => {
    x.place = pipe;
    let value = first!(x, dot, MISSING);
    for (const command of others) value = command(x, dot, value);
    for (const name of variables) {
      if (assigns) x.assign(name, value);
      else x.declare(name, value);
    }
    return value;
  };
}
