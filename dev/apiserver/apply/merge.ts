/** An applied configuration merged into an object, as its shape says. */
import { isJsonObject, type Json, type JsonObject } from "../object.ts";
import { define, own } from "../patch/json_value.ts";
import { indexed, listElement } from "./list_index.ts";
import { formOf, type ListShape, type MapShape, type Shape, shapeAt } from "./shape.ts";

/** The object with the configuration merged into it: nothing goes, values of the configuration win. */
export function merge(shape: MapShape, live: JsonObject, config: JsonObject): JsonObject {
  return mergeMaps(shape, live, config);
}

function mergeValues(declared: Shape, live: Json | undefined, config: Json): Json {
  const shape = formOf(declared, config);
  if (shape.form === "map" && !shape.atomic && isJsonObject(live) && isJsonObject(config)) {
    return mergeMaps(shape, live, config);
  }
  if (shape.form === "list" && shape.sharing !== "one" && Array.isArray(live) && Array.isArray(config)) {
    return mergeLists(shape, live, config);
  }
  // An empty list or object leaves those alone that are not.
  const isHollow = config === null && shape.form !== "leaf" && isShared(shape) && hasParts(live);
  return isHollow ? live! : config;
}

function isShared(shape: MapShape | ListShape): boolean {
  return shape.form === "map" ? !shape.atomic : shape.sharing !== "one";
}

function hasParts(value: Json | undefined): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

function mergeMaps(shape: MapShape, live: JsonObject, config: JsonObject): JsonObject {
  const merged = { ...live };
  for (const [name, value] of Object.entries(config)) {
    define(merged, name, mergeValues(shapeAt(shape, name), own(live, name), value));
  }
  return merged;
}

/**
 * Elements of both lists, each once: those of the configuration in its order, those that only the object has before the first
 * element of both that they stood before.
 */
function mergeLists(shape: ListShape, live: readonly Json[], config: readonly Json[]): Json[] {
  const [there, wanted] = [indexed(shape, live), indexed(shape, config)];
  const order = live.flatMap((item) => {
    const named = listElement(shape, item);
    return "why" in named ? [] : [{ ...named, item }];
  });
  const wantedOrder = [...wanted.keys()];
  const shared = wantedOrder.filter((element) => there.has(element));
  const merged: Json[] = [];
  const taken = new Set<string>();
  let next = 0;
  const take = (element: string) => {
    taken.add(element);
    const before = there.get(element);
    const item = wanted.get(element)![0]!;
    merged.push(mergeValues(shape.item, before?.length === 1 ? before[0] : undefined, item));
    if (shared[next] === element) next++;
  };
  let [left, right] = [0, 0];
  while (left < order.length || right < wantedOrder.length) {
    const element = order[left]?.element;
    if (element !== undefined && right < wantedOrder.length) {
      if (element === wantedOrder[right]) {
        take(element);
        left++;
        right++;
        continue;
      }
      if (wanted.has(element) && next < shared.length && shared[next] !== element) {
        left++;
        continue;
      }
    }
    if (element !== undefined) {
      if (!wanted.has(element)) {
        merged.push(order[left]!.item);
        left++;
        continue;
      }
      if (taken.has(element)) left++;
    }
    if (right < wantedOrder.length) take(wantedOrder[right++]!);
  }
  return merged;
}
