/** The methods of the Machine's types that a template has a use for. */
import { CallError } from "./execution.ts";
import { formatTime, GoTime, yearDay, ZERO_TIME } from "./go_time.ts";
import { goType, type Method } from "./go_type.ts";
import { normalInt } from "./number.ts";
import { boolValue, GoValue, indirect, intValue, readField, stringValue, type Target, type Value } from "./value.ts";
import { showGoSyntax, showValue } from "./stringer.ts";
import { fromText, toText } from "../../base/byte_text.ts";

const INT64 = goType("int64");
const DURATION = goType("time.Duration");
const nanoseconds = ({ seconds, nanos }: GoTime) => BigInt(seconds) * 1_000_000_000n + BigInt(nanos);

function timeOf(value: Value): GoTime | null {
  const target = value === undefined ? null : indirect(value);
  return target === null ? null : target.raw as GoTime;
}

/** Go's Date normalises days beyond the month, as JavaScript's does. */
function addDate(time: GoTime, years: number, months: number, days: number): GoTime {
  const date = time.date;
  date.setUTCFullYear(date.getUTCFullYear() + years, date.getUTCMonth() + months, date.getUTCDate() + days);
  const ms = date.getTime();
  if (Number.isNaN(ms)) throw new CallError("time is out of range");
  return new GoTime(ms / 1000, time.nanos);
}

function addDuration(time: GoTime, duration: bigint): GoTime {
  const total = nanoseconds(time) + duration;
  const nanos = ((total % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return new GoTime(Number((total - nanos) / 1_000_000_000n), Number(nanos));
}

const int64 = (n: bigint) => new GoValue(INT64, normalInt(BigInt.asIntN(64, n)));
const time = (t: GoTime, type = "time.Time") => new GoValue(goType(type), t);
const number = (value: Value) => Number(value!.raw);

/** Methods of time.Time and of v1.Time, which holds one. */
const TIME_METHODS: Readonly<Record<string, (t: GoTime, args: readonly Value[]) => Value>> = {
  Add: (t, [d]) => time(addDuration(t, BigInt(d!.raw as number | bigint))),
  AddDate: (t, [y, m, d]) => time(addDate(t, number(y), number(m), number(d))),
  After: (t, [u]) => boolValue(t.compare(timeOf(u)!) > 0),
  Before: (t, [u]) => boolValue(timeOf(u) !== null && t.compare(timeOf(u)!) < 0),
  Compare: (t, [u]) => intValue(t.compare(timeOf(u)!)),
  Day: (t) => intValue(t.date.getUTCDate()),
  Equal: (t, [u]) => boolValue(timeOf(u) !== null && t.compare(timeOf(u)!) === 0),
  Format: (t, [layout]) => stringValue(fromText(formatTime(t, toText(layout!.raw as string)))),
  Hour: (t) => intValue(t.date.getUTCHours()),
  IsDST: () => boolValue(false),
  IsZero: (t) => boolValue(t.compare(ZERO_TIME) === 0),
  Local: (t) => time(t),
  Minute: (t) => intValue(t.date.getUTCMinutes()),
  Month: (t) => new GoValue(goType("time.Month"), t.date.getUTCMonth() + 1),
  Nanosecond: (t) => intValue(t.nanos),
  Rfc3339Copy: (t) => time(new GoTime(t.seconds, 0), "v1.Time"),
  Second: (t) => intValue(t.date.getUTCSeconds()),
  Sub: (t, [u]) => new GoValue(DURATION, normalInt(clamp(nanoseconds(t) - nanoseconds(timeOf(u)!)))),
  UTC: (t) => time(t),
  Unix: (t) => int64(BigInt(t.seconds)),
  UnixMicro: (t) => int64(nanoseconds(t) / 1000n),
  UnixMilli: (t) => int64(nanoseconds(t) / 1_000_000n),
  UnixNano: (t) => int64(nanoseconds(t)),
  Weekday: (t) => new GoValue(goType("time.Weekday"), t.date.getUTCDay()),
  Year: (t) => intValue(t.date.getUTCFullYear()),
  YearDay: (t) => intValue(yearDay(t)),
};

function clamp(n: bigint): bigint {
  const most = 2n ** 63n - 1n;
  return n > most ? most : n < -most - 1n ? -most - 1n : n;
}

/** Methods of a nil *v1.Time that Go answers. */
function ofNilTime(method: Method, args: readonly Value[]): Value {
  if (method.name === "IsZero") return boolValue(true);
  if (method.name === "Before") return boolValue(false);
  if (method.name === "Equal") return boolValue(timeOf(args[0]) === null);
}

function getter(target: GoValue, { name, results }: Method): Value {
  const path = name.startsWith("Get") ? target.type.fieldPath(name.slice(3)) : undefined;
  if (path === undefined || path[path.length - 1]!.type.name !== results[0]) return undefined;
  return path.reduce(readField, target);
}

/**
 * Calls a method.
 * @throws {CallError} for methods that only Go programs use, and for nil receivers that Go refuses too
 */
export function invoke(receiver: GoValue, method: Method, args: readonly Value[]): Value {
  const target = indirect(receiver);
  const { name } = method;
  if (target === null) {
    const holder = receiver.type.elem!.name;
    const answer = holder === "v1.Time" ? ofNilTime(method, args) : undefined;
    if (answer === undefined) throw new CallError("runtime error: invalid memory address or nil pointer dereference");
    return answer;
  }
  if (name === "String") return stringValue(showValue(target));
  if (name === "GoString") return stringValue(showGoSyntax(target));
  if (name === "DeepCopy") return pointerTo(target);
  const found = target.raw instanceof GoTime ? TIME_METHODS[name]?.(target.raw, args) : getter(target, method);
  if (found === undefined) throw new CallError(`the method ${name} of ${target.type.name} is not for templates`);
  return found.copy;
}

/** A pointer to a new value. */
function pointerTo(value: GoValue): GoValue {
  const copy = new GoValue(value.type, value.raw, true);
  const target: Target = { value: copy, home: copy, slot: "" };
  return new GoValue(goType(`*${value.type.name}`), target);
}
