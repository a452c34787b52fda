/** Values of JSON that came from outside: read, set, compared and bounded. */
import { isJsonObject, type Json, type JsonObject } from "../object.ts";
import { badRequest } from "../status_error.ts";

/** What recurses must end long before the stack does; no object of the API comes near it. */
const MAX_DEPTH = 500;

/**
 * Refuses what is nested too deeply for anything that recurses.
 * @throws {StatusError} 400
 */
export function checkDepth(value: Json): void {
  let level: Json[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw badRequest("exceeded max depth");
    const next: Json[] = [];
    for (const item of level) {
      if (typeof item !== "object" || item === null) continue;
      for (const inner of Object.values(item)) if (typeof inner === "object" && inner !== null) next.push(inner);
    }
    level = next;
  }
}

/** A field that the object itself has: `constructor` and `__proto__` of JavaScript are none. */
export function own(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Sets a field; `__proto__` is a field like any other. */
export function define(object: JsonObject, name: string, value: Json): void {
  if (name !== "__proto__") object[name] = value;
  else Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

/** Whether two values are the same; the order of fields does not count. */
export function equal(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!equal(a[i], b[i])) return false;
    return true;
  }
  if (Array.isArray(b)) return false;
  let fields = 0;
  for (const name in a) {
    if (!Object.hasOwn(b, name) || !equal(a[name], b[name])) return false;
    fields++;
  }
  for (const _ in b) fields--;
  return fields === 0;
}

/** What Go calls a value's type when it cannot be decoded. */
export function goTypeName(value: Json): string {
  if (value === null) return "null";
  if (isJsonObject(value)) return "object";
  return Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
}
