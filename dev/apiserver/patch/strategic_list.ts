/** Lists of a strategic merge patch: merged by the key of their elements, and brought into order. */
import { isJsonObject, type Json, type JsonObject } from "../object.ts";
import { StatusError } from "../status_error.ts";
import { goValue } from "./go_value.ts";
import { own } from "./json_value.ts";

/** How a list is merged. */
export interface ListRule {
  /** Whether it is; else the patch takes its place. */
  readonly merged: boolean;
  /** The field that names an element; absent for lists of plain values. */
  readonly key?: string;
  /** Merges two elements of one key. */
  readonly element: (original: JsonObject, patch: JsonObject) => JsonObject;
  /** What a new element is without directives. */
  readonly plain: (value: Json) => Json | undefined;
}

function unexpected(message: string): StatusError {
  return new StatusError(500, "", message);
}

/** The list with the patch merged into it. */
export function mergeLists(original: readonly Json[], patch: readonly Json[], rule: ListRule): Json[] {
  if (!rule.merged) return [...patch];
  if (original.length === 0 && patch.length === 0) return [];
  if (!areMaps(original, patch)) {
    const merged = new Map([...original, ...patch].map((item) => [nameOf(item, rule), item]));
    return ordered([...merged.values()], patch, original, rule);
  }
  if (rule.key === undefined) throw unexpected("cannot merge lists without merge key");
  const [kept, set] = specialElements(original as JsonObject[], patch as JsonObject[], rule.key);
  const merged = [...kept];
  const places = placesOf(kept, rule);
  for (const item of set) {
    const name: string = JSON.stringify(keyOf(item, rule.key));
    const place = places.get(name) ?? merged.length;
    places.set(name, place);
    merged[place] = place < merged.length ? rule.element(merged[place]!, item) : rule.plain(item) as JsonObject;
  }
  return ordered(merged, set, kept, rule);
}

/** Whether all elements of both are objects; they may not be of different types. */
function areMaps(original: readonly Json[], patch: readonly Json[]): boolean {
  const all = [...original, ...patch];
  if (all.some((item) => Array.isArray(item))) {
    throw new StatusError(422, "Invalid", "the server rejected our request due to an error in our request", {});
  }
  const maps = all.filter(isJsonObject).length;
  if (maps > 0 && maps < all.length) {
    throw unexpected(`list element types are not identical: ${goValue([[...original], [...patch]])}`);
  }
  return maps > 0;
}

function keyOf(item: JsonObject, key: string): Json {
  const value = own(item, key);
  if (value === undefined) throw unexpected(`map: ${goValue(item)} does not contain declared merge key: ${key}`);
  return value;
}

/** Elements that delete others (`$patch: delete`) or all (`$patch: replace`) are carried out. */
function specialElements(
  original: readonly JsonObject[],
  patch: readonly JsonObject[],
  key: string,
): [kept: readonly JsonObject[], set: readonly JsonObject[]] {
  const gone = new Set<string>();
  let replace = false;
  for (const item of patch) {
    const directive = own(item, "$patch");
    if (directive === undefined) continue;
    if (directive === "delete") gone.add(JSON.stringify(keyOf(item, key)));
    else if (directive === "replace") replace = true;
    else if (directive === "merge") throw unexpected("merging lists cannot yet be specified in the patch");
    else throw unexpected(`unknown patch type: ${goValue(directive)} in map: ${goValue(item)}`);
  }
  const set = patch.filter((item) => !Object.hasOwn(item, "$patch"));
  return replace ? [set, []] : [original.filter((item) => !gone.has(JSON.stringify(own(item, key)))), set];
}

/** What an item is found by. */
function nameOf(item: Json, { key }: ListRule): string {
  return JSON.stringify(key !== undefined && isJsonObject(item) ? keyOf(item, key) : item);
}

/** Where each item is; of several of one name, the first. */
function placesOf(list: readonly Json[], rule: ListRule): Map<string, number> {
  const places = new Map<string, number>();
  for (const [place, item] of list.entries()) {
    // Without its key an item of the object is found by nothing.
    if (rule.key !== undefined && isJsonObject(item) && !Object.hasOwn(item, rule.key)) continue;
    const name = nameOf(item, rule);
    if (!places.has(name)) places.set(name, place);
  }
  return places;
}

/** Whether the items come in that order, and are all in it. */
export function inOrder(items: readonly Json[], order: readonly Json[], rule: ListRule): boolean {
  const names = order.map((item) => nameOf(item, rule));
  let next = 0;
  for (const item of items) {
    const found = names.indexOf(nameOf(item, rule), next);
    if (found < 0) return false;
    next = found + 1;
  }
  return true;
}

/** Items that are in `order` in that order, the others as they were; between them as before where that is known. */
export function ordered(
  items: readonly Json[],
  order: readonly Json[],
  before: readonly Json[],
  rule: ListRule,
): Json[] {
  const [wanted, known] = [placesOf(order, rule), placesOf(before, rule)];
  const placed = items.map((item) => {
    const name = nameOf(item, rule);
    return { item, wanted: wanted.get(name), before: known.get(name) };
  });
  const named = placed.filter((one) => one.wanted !== undefined).sort((a, b) => a.wanted! - b.wanted!);
  const others = placed.filter((one) => one.wanted === undefined).sort((a, b) => (a.before ?? 0) - (b.before ?? 0));
  const result: Json[] = [];
  let next = 0;
  for (const other of others) {
    while (next < named.length && !(other.before! < named[next]!.before!)) result.push(named[next++]!.item);
    result.push(other.item);
  }
  return [...result, ...named.slice(next).map(({ item }) => item)];
}
