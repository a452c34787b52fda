/** eq, ne, lt, le, gt and ge. */
import type { Budget } from "./budget.ts";
import { CallError } from "./execution.ts";
import { GoTime } from "./go_time.ts";
import { sprintf } from "./printf.ts";
import { type Complex, type GoValue, isNil, readField, type Target, type Value } from "./value.ts";

/** Kinds that compare with each other. */
type Basic = "bool" | "complex" | "int" | "uint" | "float" | "string" | "other";

function basic(value: Value): Basic {
  switch (value?.type.kind) {
    case "bool":
    case "string":
      return value.type.kind;
    case "int":
    case "int64":
      return "int";
    case "uint8":
    case "uint64":
      return "uint";
    case "float64":
      return "float";
    case "complex128":
      return "complex";
  }
  return "other";
}

const incompatible = (a: GoValue, b: GoValue) =>
  new CallError(`incompatible types for comparison: ${a.type.name} and ${b.type.name}`);

/** Go's == on values of comparable types. */
function identical(a: GoValue, b: GoValue): boolean {
  if (a.type !== b.type) return false;
  if (a.type.kind === "ptr") {
    const s = a.raw as Target | null, t = b.raw as Target | null;
    return s === null || t === null ? s === t : s.home === t.home && s.slot === t.slot;
  }
  if (a.type.kind !== "struct") return a.raw === b.raw;
  if (a.raw instanceof GoTime) return a.raw.compare(b.raw as GoTime) === 0;
  return a.raw === b.raw || a.type.fields.every((field) => identical(readField(a, field), readField(b, field)));
}

function sameComposite(budget: Budget, a: Value, b: Value): boolean {
  if (a !== undefined && b !== undefined && a.type.kind !== b.type.kind) {
    const shown = `${sprintf(budget, "%s", [a])}: ${a.type.name}`;
    throw new CallError(`non-comparable types ${shown}, ${b.type.name}: ${sprintf(budget, "%v", [b])}`);
  }
  if (isNil(a) || isNil(b)) return isNil(a) === isNil(b);
  if (!b!.type.comparable) {
    throw new CallError(`non-comparable type ${sprintf(budget, "%s", [b])}: ${b!.type.name}`);
  }
  return identical(a!, b!);
}

function same(budget: Budget, a: Value, b: Value): boolean {
  const kind = basic(a), other = basic(b);
  if (kind === other) {
    if (kind === "other") return sameComposite(budget, a, b);
    if (kind === "string") budget.bytes((a!.raw as string).length);
    if (kind !== "complex") return a!.raw === b!.raw;
    const p = a!.raw as Complex, q = b!.raw as Complex;
    return p.re === q.re && p.im === q.im;
  }
  if ((kind === "int" && other === "uint") || (kind === "uint" && other === "int")) return a!.raw === b!.raw;
  if (a !== undefined && b !== undefined) throw incompatible(a, b);
  return false;
}

/** eq: whether the first equals any of the others. */
export function equal(budget: Budget, first: Value, others: readonly Value[]): boolean {
  if (others.length === 0) throw new CallError("missing argument for comparison");
  return others.some((other) => same(budget, first, other));
}

/** lt. */
export function less(budget: Budget, a: Value, b: Value): boolean {
  const kind = basic(a), other = basic(b);
  if (kind === "other" || other === "other") throw new CallError("invalid type for comparison");
  if (kind !== other && !(/^u?int$/.test(kind) && /^u?int$/.test(other))) throw incompatible(a!, b!);
  if (kind === "bool" || kind === "complex") throw new CallError("invalid type for comparison");
  if (kind === "string") budget.bytes((a!.raw as string).length);
  return (a!.raw as number) < (b!.raw as number);
}

/** le. */
export function lessOrEqual(budget: Budget, a: Value, b: Value): boolean {
  return less(budget, a, b) || same(budget, a, b);
}
