/** Lists of a strategic merge patch: merged by the key of their elements, and brought into order. */
import { isJsonObject, type Json, type JsonObject } from "../object.ts";
import { StatusError } from "../status_error.ts";
import { goValue } from "./go_value.ts";
import { equal, own } from "./json_value.ts";

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
    const all = [...original, ...patch];
    const merged = all.filter((item, i) => all.findIndex((other) => equal(item, other)) === i);
    return ordered(merged, patch, original, rule);
  }
  if (rule.key === undefined) throw unexpected("cannot merge lists without merge key");
  const [kept, set] = specialElements(original as JsonObject[], patch as JsonObject[], rule.key);
  const merged = [...kept];
  for (const item of set) {
    const found = merged.findIndex((other) => equal(own(other, rule.key!), keyOf(item, rule.key!)));
    if (found < 0) merged.push(rule.plain(item) as JsonObject);
    else merged[found] = rule.element(merged[found]!, item);
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
  let kept = original;
  let replace = false;
  for (const item of patch) {
    const directive = own(item, "$patch");
    if (directive === undefined) continue;
    if (directive === "delete") {
      const gone = keyOf(item, key);
      kept = kept.filter((other) => !equal(own(other, key), gone));
    } else if (directive === "replace") replace = true;
    else if (directive === "merge") throw unexpected("merging lists cannot yet be specified in the patch");
    else throw unexpected(`unknown patch type: ${goValue(directive)} in map: ${goValue(item)}`);
  }
  const set = patch.filter((item) => !Object.hasOwn(item, "$patch"));
  return replace ? [set, []] : [kept, set];
}

function indexIn(list: readonly Json[], item: Json, { key }: ListRule): number {
  if (key === undefined || !isJsonObject(item)) return list.findIndex((other) => equal(other, item));
  const value = keyOf(item, key);
  return list.findIndex((other) => isJsonObject(other) && equal(own(other, key), value));
}

/** Whether the items come in that order, and are all in it. */
export function inOrder(items: readonly Json[], order: readonly Json[], rule: ListRule): boolean {
  let next = 0;
  for (const item of items) {
    const found = indexIn(order.slice(next), item, rule);
    if (found < 0) return false;
    next += found + 1;
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
  const by = (list: readonly Json[]) => (a: Json, b: Json) => indexIn(list, a, rule) - indexIn(list, b, rule);
  const named = items.filter((item) => indexIn(order, item, rule) >= 0).sort(by(order));
  const others = items.filter((item) => indexIn(order, item, rule) < 0).sort(by(before));
  const result: Json[] = [];
  while (named.length > 0 && others.length > 0) {
    const [other, next] = [indexIn(before, others[0]!, rule), indexIn(before, named[0]!, rule)];
    const isOtherFirst = other >= 0 && next >= 0 && other < next;
    result.push(isOtherFirst ? others.shift()! : named.shift()!);
  }
  return [...result, ...named, ...others];
}
