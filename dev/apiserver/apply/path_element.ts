/** One step of a path of managedFields: `f:name`, `k:{"type":"Ready"}`, `v:"x"`, `i:0`. */
import { isJsonObject, type Json, type JsonObject } from "../object.ts";
import { define } from "../patch/json_value.ts";

/** A field of an object. */
export function fieldElement(name: string): string {
  return `f:${name}`;
}

/** The element of a list that has these key fields, given in any order. */
export function keyElement(keys: JsonObject): string {
  return `k:${canonical(keys)}`;
}

/** The same for one key field. */
export function singleKeyElement(name: string, value: Json): string {
  return `k:{${JSON.stringify(name)}:${JSON.stringify(value)}}`;
}

/** The element of a set. */
export function valueElement(value: Json): string {
  return `v:${JSON.stringify(value)}`;
}

function canonical(keys: JsonObject): string {
  const names = Object.keys(keys);
  if (names.length < 2) return JSON.stringify(keys);
  const sorted: JsonObject = {};
  for (const name of names.sort()) define(sorted, name, keys[name]!);
  return JSON.stringify(sorted);
}

/**
 * The element in its canonical form; undefined for a kind of element that only later versions know.
 * @throws {SyntaxError} when it is none
 */
export function parseElement(text: string): string | undefined {
  if (text[1] !== ":") throw new SyntaxError(`no path element: ${text}`);
  const rest = text.slice(2);
  switch (text[0]) {
    case "f":
      return text;
    case "k": {
      const keys = JSON.parse(rest) as Json;
      if (!isJsonObject(keys)) throw new SyntaxError(`no key: ${text}`);
      return keyElement(keys);
    }
    case "v":
      return valueElement(JSON.parse(rest) as Json);
    case "i":
      if (!/^-?\d{1,15}$/.test(rest)) throw new SyntaxError(`no index: ${text}`);
      return `i:${Number(rest)}`;
  }
  return undefined;
}

/** As messages show it: `.name`, `[type="Ready"]`, `[="x"]`, `[0]`. */
export function showElement(element: string): string {
  const rest = element.slice(2);
  if (element.startsWith("f:")) return `.${rest}`;
  if (element.startsWith("i:")) return `[${rest}]`;
  if (element.startsWith("v:")) return `[=${rest}]`;
  const keys = Object.entries(JSON.parse(rest) as JsonObject);
  return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(",")}]`;
}

const ORDER = "fkvi";

/** The order of messages: fields, keys, values, indices; each in its own. */
export function compareElements(a: string, b: string): number {
  if (a[0] !== b[0]) return ORDER.indexOf(a[0]!) - ORDER.indexOf(b[0]!);
  if (a[0] === "i") return Number(a.slice(2)) - Number(b.slice(2));
  return a < b ? -1 : a > b ? 1 : 0;
}
