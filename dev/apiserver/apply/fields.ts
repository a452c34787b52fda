/** Which fields an object has, and an object without some of them. */
import { isJsonObject, type Json, type JsonObject } from "../object.ts";
import { define } from "../patch/json_value.ts";
import { asMember, EMPTY, type FieldSet, has, insert, isEmpty } from "./field_set.ts";
import { indexed, listElement } from "./list_index.ts";
import { fieldElement } from "./path_element.ts";
import { formOf, type ListShape, type MapShape, type Shape, shapeAt } from "./shape.ts";

/** Every leaf of an object, every element of a shared list, and every entry of a map without names of its own. */
export function fieldsOf(shape: MapShape, object: JsonObject): FieldSet {
  const set: FieldSet = {};
  collect(shape, object, [], set);
  return set;
}

function collect(declared: Shape, value: Json, path: string[], set: FieldSet): void {
  const shape = formOf(declared, value);
  if (shape.form === "map" && !shape.atomic) collectMap(shape, value, path, set);
  else if (shape.form === "list" && shape.sharing !== "one") collectList(shape, value, path, set);
  else insert(set, path);
}

function collectMap(shape: MapShape, value: Json, path: string[], set: FieldSet): void {
  if (!isJsonObject(value)) return;
  for (const [name, inner] of Object.entries(value)) {
    path.push(fieldElement(name));
    collect(shapeAt(shape, name), inner, path, set);
    const hollow = inner === null || isJsonObject(inner) && isEmpty(inner);
    if (hollow || !shape.fields.has(name)) insert(set, path);
    path.pop();
  }
}

function collectList(shape: ListShape, value: Json, path: string[], set: FieldSet): void {
  if (!Array.isArray(value)) return;
  for (const [element, items] of indexed(shape, value)) {
    path.push(element);
    if (items.length === 1) collect(shape.item, items[0]!, path, set);
    insert(set, path);
    path.pop();
  }
}

/** The set with the named fields that something of it is below. */
export function withNamedFields(declared: Shape, set: FieldSet): FieldSet {
  const all: FieldSet = {};
  for (const [element, node] of Object.entries(set)) {
    if (isEmpty(node) || element === ".") {
      all[element] = EMPTY;
      continue;
    }
    const shape = declared.form === "any" ? declared : below(declared, element);
    const inner = withNamedFields(shape, node);
    const isNamed = declared.form === "map" && element.startsWith("f:") && declared.fields.has(element.slice(2));
    all[element] = isNamed ? asMember(inner) : inner;
  }
  return all;
}

function below(shape: Exclude<Shape, { form: "any" }>, element: string): Shape {
  if (shape.form === "map") return shapeAt(shape, element.slice(2));
  return shape.form === "list" ? shape.item : shape;
}

/** The object without the fields of the set; what lost all its parts is null. */
export function without(shape: MapShape, object: JsonObject, set: FieldSet): JsonObject {
  return (isEmpty(set) ? object : remove(shape, object, set)) as JsonObject ?? {};
}

function remove(declared: Shape, value: Json, set: FieldSet): Json {
  const shape = formOf(declared, value);
  if (shape.form === "map" && !shape.atomic && isJsonObject(value)) {
    const kept: JsonObject = {};
    for (const [name, inner] of Object.entries(value)) {
      const element = fieldElement(name);
      if (!has(set, [element])) define(kept, name, removeBelow(shapeAt(shape, name), inner, set[element]));
    }
    return isEmpty(kept) ? null : kept;
  }
  if (shape.form === "list" && shape.sharing !== "one" && Array.isArray(value)) {
    const kept = value.flatMap((item) => {
      const named = listElement(shape, item);
      if ("why" in named) return [item];
      return has(set, [named.element]) ? [] : [removeBelow(shape.item, item, set[named.element])];
    });
    return kept.length === 0 ? null : kept;
  }
  return value;
}

function removeBelow(shape: Shape, value: Json, set: FieldSet | undefined): Json {
  return set === undefined ? value : remove(shape, value, set);
}
