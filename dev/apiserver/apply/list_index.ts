/** The elements of shared lists, by their path elements. */
import { isJsonObject, type Json, type JsonObject } from "../object.ts";
import { define, own } from "../patch/json_value.ts";
import { keyElement, singleKeyElement, valueElement } from "./path_element.ts";
import type { ListShape } from "./shape.ts";

/** The path element of a list's element, or why it has none. */
export function listElement(shape: ListShape, item: Json): { element: string } | { why: string } {
  if (shape.sharing !== "map") {
    if (item === null) return { why: "associative list without keys has an element that's an explicit null" };
    if (Array.isArray(item)) return { why: "not supported: associative list with lists as elements" };
    if (isJsonObject(item)) return { why: "associative list without keys has an element that's a map type" };
    return { element: valueElement(item) };
  }
  if (item === null) return { why: "associative list with keys may not have a null element" };
  if (!isJsonObject(item)) return { why: "associative list with keys may not have non-map elements" };
  const [first] = shape.keys;
  if (shape.keys.length === 1) {
    const value = own(item, first![0]) ?? first![1];
    if (value !== undefined) return { element: singleKeyElement(first![0], value) };
  }
  const keys: JsonObject = {};
  let found = false;
  for (const [name, absent] of shape.keys) {
    const value = own(item, name) ?? absent;
    if (value === undefined) continue;
    define(keys, name, value);
    found = true;
  }
  if (found) return { element: keyElement(keys) };
  const names = shape.keys.map(([name]) => JSON.stringify(name)).join(" ");
  return {
    why:
      `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`,
  };
}

/** The elements of a list in their order, by path element; several have one only in lists that are not as they should be. */
export function indexed(shape: ListShape, list: readonly Json[] | undefined): Map<string, Json[]> {
  const index = new Map<string, Json[]>();
  for (const item of list ?? []) {
    const named = listElement(shape, item);
    if ("why" in named) continue;
    const same = index.get(named.element);
    if (same === undefined) index.set(named.element, [item]);
    else same.push(item);
  }
  return index;
}
