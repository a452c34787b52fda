/** Values as Go shows them, which the API's messages do. */
import { isJsonObject, type Json } from "../object.ts";

/** As %v: `map[a:1 b:[x y]]`, `<nil>`. */
export function goValue(value: Json): string {
  if (value === null) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(goValue).join(" ")}]`;
  if (!isJsonObject(value)) return String(value);
  return `map[${Object.keys(value).sort().map((name) => `${name}:${goValue(value[name]!)}`).join(" ")}]`;
}

/** The type, as %T: `map[string]interface {}`, `int64`. */
export function goType(value: Json): string {
  if (value === null) return "<nil>";
  if (Array.isArray(value)) return "[]interface {}";
  if (isJsonObject(value)) return "map[string]interface {}";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  return typeof value === "boolean" ? "bool" : "string";
}

/** As %#v: `map[string]interface {}{"a":1}`. */
export function goSyntax(value: Json): string {
  if (Array.isArray(value)) return `${goType(value)}{${value.map(goSyntax).join(", ")}}`;
  if (!isJsonObject(value)) return value === null ? "interface {}(nil)" : JSON.stringify(value);
  const fields = Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${goSyntax(value[name]!)}`);
  return `${goType(value)}{${fields.join(", ")}}`;
}
