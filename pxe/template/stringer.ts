/** The String() and GoString() methods of the types that templates see. */
import { DAYS, goSyntaxTime, GoTime, MONTHS, showTime } from "./go_time.ts";
import { fromText } from "../../base/byte_text.ts";
import { elementOf, entryOf, type GoValue, indirect, lengthOf, readField, sortedKeys } from "./value.ts";

/** Fields in the order in which the type's String() names them, where that is not Go's order. */
const ORDER: Readonly<Record<string, readonly string[]>> = {
  "v1.OwnerReference": ["Kind", "Name", "UID", "APIVersion", "Controller", "BlockOwnerDeletion"],
};

function showMember(value: GoValue): string {
  const { kind, elem } = value.type;
  if (kind === "ptr" && elem!.kind !== "struct") {
    const target = indirect(value);
    return target === null ? "nil" : `*${target.raw}`;
  }
  if (kind === "ptr") {
    const target = indirect(value);
    return target === null ? "<nil>" : showValue(target);
  }
  if (kind === "map") {
    return `map[string]string{${sortedKeys(value).map((key) => `${key}: ${entryOf(value, key)!.raw},`).join("")}}`;
  }
  if (kind === "slice") {
    const items = Array.from({ length: lengthOf(value)! }, (_, i) => elementOf(value, i));
    if (elem!.kind === "string") return `[${items.map(({ raw }) => raw).join(" ")}]`;
    return `[]${elem!.name.slice(3)}{${items.map((item) => `${showValue(item).slice(1)},`).join("")}}`;
  }
  return kind === "struct" ? showValue(value) : String(value.raw);
}

/** What String() returns; the value's type must have it. */
export function showValue(value: GoValue): string {
  const { type, raw } = value;
  if (raw instanceof GoTime) return showTime(raw);
  if (type.name === "time.Month") return MONTHS[Number(raw) - 1] ?? `%!Month(${raw})`;
  if (type.name === "time.Weekday") return DAYS[Number(raw)] ?? `%!Weekday(${raw})`;
  if (type.name === "time.Duration") return showDuration(raw as number | bigint);
  if (type.name === "v1.FieldsV1") return fromText(JSON.stringify(raw));
  const names = ORDER[type.name] ?? type.fields.map(({ name }) => name);
  const members = names.map((name) => {
    const [field] = type.fieldPath(name)!;
    return `${name}:${showMember(readField(value, field!))},`;
  });
  return `&${type.name.slice(3)}{${members.join("")}}`;
}

/** What GoString() returns; the value's type must have it. */
export function showGoSyntax({ raw }: GoValue): string {
  return goSyntaxTime(raw as GoTime);
}

function showDuration(raw: number | bigint): string {
  const ns = BigInt(raw);
  const sign = ns < 0n ? "-" : "";
  const abs = ns < 0n ? -ns : ns;
  const decimal = (unit: bigint) => {
    const rest = (abs % unit).toString().padStart(unit.toString().length - 1, "0").replace(/0+$/, "");
    return `${abs / unit}${rest === "" ? "" : `.${rest}`}`;
  };
  if (abs === 0n) return "0s";
  if (abs < 1000n) return `${sign}${abs}ns`;
  if (abs < 1_000_000n) return `${sign}${decimal(1000n)}\xc2\xb5s`;
  if (abs < 1_000_000_000n) return `${sign}${decimal(1_000_000n)}ms`;
  const minutes = abs / 60_000_000_000n;
  const seconds = (abs % 60_000_000_000n).toString().padStart(10, "0");
  const rest = seconds.slice(-9).replace(/0+$/, "");
  const shown = `${Number(seconds.slice(0, -9))}${rest === "" ? "" : `.${rest}`}s`;
  if (minutes === 0n) return sign + shown;
  return `${sign}${minutes >= 60n ? `${minutes / 60n}h` : ""}${minutes % 60n}m${shown}`;
}
