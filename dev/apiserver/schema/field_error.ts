/** Field errors as Kubernetes words them: what is wrong, the value, and the rule. */
import { fromText, toText } from "../../../base/byte_text.ts";
import { quote } from "../../../base/go_quote.ts";
import { isJsonObject, type Json } from "../object.ts";
import type { FieldError } from "../status_error.ts";

/** Why a value is wrong. */
export type WrongReason =
  | "FieldValueInvalid"
  | "FieldValueTypeInvalid"
  | "FieldValueNotSupported"
  | "FieldValueDuplicate"
  | "FieldValueTooMany";

/** How an error of each kind begins. */
const WORDS: Readonly<Record<WrongReason, string>> = {
  FieldValueInvalid: "Invalid value",
  FieldValueTypeInvalid: "Invalid value",
  FieldValueNotSupported: "Unsupported value",
  FieldValueDuplicate: "Duplicate value",
  FieldValueTooMany: "Too many",
};

/** A text in quotes, as Go's %q writes it. */
export function quoted(text: string): string {
  return toText(quote(fromText(text)));
}

/** A number as Go's %v writes a float64: with an exponent from 1e+06 on and below 1e-04. */
export function goFloat(value: number): string {
  const [digits = "", power = "0"] = value.toExponential().split("e");
  const exponent = Number(power);
  if (value === 0 || exponent >= -4 && exponent < 6) return String(value);
  return `${digits}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

const sorted = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key]!)]));
};

/** JSON as Go's encoder writes it: keys sorted, and what HTML would read escaped. */
export function goJson(value: Json): string {
  return JSON.stringify(sorted(value)).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Whether Go reads a number of JSON as int64; what is larger, or a fraction, is a float64. */
export function isInt64(value: Json): value is number {
  return Number.isInteger(value) && Math.abs(value as number) < 2 ** 63;
}

function shown(value: Json): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number") return isInt64(value) ? String(value) : goFloat(value);
  return goJson(value);
}

/** The value is wrong; `detail` says why. */
export function wrong(reason: WrongReason, field: string, value: Json, detail = ""): FieldError {
  return { reason, field, message: `${WORDS[reason]}: ${shown(value)}${detail === "" ? "" : `: ${detail}`}` };
}

/** The value breaks a rule. */
export function invalidValue(field: string, value: Json, detail: string): FieldError {
  return wrong("FieldValueInvalid", field, value, detail);
}

/** The field must be there. */
export function requiredValue(field: string, detail = ""): FieldError {
  return {
    reason: "FieldValueRequired",
    field,
    message: detail === "" ? "Required value" : `Required value: ${detail}`,
  };
}

/** The field must not be there, or must not change. */
export function forbidden(field: string, detail: string): FieldError {
  return { reason: "FieldValueForbidden", field, message: `Forbidden: ${detail}` };
}

/** The value is none of those allowed. */
export function notSupported(field: string, value: Json, allowed: readonly string[]): FieldError {
  return wrong("FieldValueNotSupported", field, value, `supported values: ${allowed.map(quoted).join(", ")}`);
}

/** The text has more than `max` bytes. */
export function tooLong(field: string, max: number): FieldError {
  return { reason: "FieldValueTooLong", field, message: `Too long: may not be more than ${max} bytes` };
}

/** The collection has more than `max` members. */
export function tooMany(field: string, count: number, max: number): FieldError {
  return wrong("FieldValueTooMany", field, count, `must have at most ${max} items`);
}

/** The value is there twice. */
export function duplicate(field: string, value: Json): FieldError {
  return wrong("FieldValueDuplicate", field, value);
}
