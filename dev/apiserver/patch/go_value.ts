/** Values as Go's %v shows them, which the API's messages do. */
import { isJsonObject, type Json } from "../object.ts";

/** `map[a:1 b:[x y]]`, `<nil>`. */
export function goValue(value: Json): string {
  if (value === null) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(goValue).join(" ")}]`;
  if (!isJsonObject(value)) return String(value);
  return `map[${Object.keys(value).sort().map((name) => `${name}:${goValue(value[name]!)}`).join(" ")}]`;
}
