/** What differs between two objects of one shape. */
import { isJsonObject, type Json, type JsonObject } from "../object.ts";
import { equal } from "../patch/json_value.ts";
import { type FieldSet, insert } from "./field_set.ts";
import { indexed } from "./list_index.ts";
import { fieldElement } from "./path_element.ts";
import { formOf, type ListShape, type MapShape, type Shape, shapeAt, valueAt } from "./shape.ts";

/** Fields that differ. */
export interface Comparison {
  /** Added, or of another value. */
  readonly changed: FieldSet;
  /** Gone. */
  readonly removed: FieldSet;
}

/** Compares `before` with `after`; undefined: there is none. */
export function compare(shape: MapShape, before: JsonObject | undefined, after: JsonObject | undefined): Comparison {
  const comparison = { changed: {}, removed: {} };
  new Walk(comparison).any(shape, before, after);
  return comparison;
}

class Walk {
  readonly #comparison: Comparison;
  readonly #path: string[] = [];

  constructor(comparison: Comparison) {
    this.#comparison = comparison;
  }

  any(declared: Shape, before: Json | undefined, after: Json | undefined): void {
    if (before === after) return;
    const shape = formOf(declared, before, after);
    const whole = shape.form === "leaf" ||
      (shape.form === "map" ? this.#map(shape, before, after) : this.#list(shape, before, after));
    if (whole) this.#leaf(before, after);
    else if (before === undefined) this.#changed();
    else if (after === undefined) this.#removed();
  }

  #changed(): void {
    insert(this.#comparison.changed, this.#path);
  }

  #removed(): void {
    insert(this.#comparison.removed, this.#path);
  }

  #leaf(before: Json | undefined, after: Json | undefined): void {
    if (after === undefined) this.#removed();
    else if (before === undefined || !equal(before, after)) this.#changed();
  }

  /** @returns whether they are to be compared as one value */
  #map(shape: MapShape, before: Json | undefined, after: Json | undefined): boolean {
    const left = isJsonObject(before) ? before : undefined;
    const right = isJsonObject(after) ? after : undefined;
    if (shape.atomic || isHollow(left, shape) && isHollow(right, shape)) return true;
    for (const name in left) this.#field(shape, name, left, right);
    for (const name in right) {
      if (left === undefined || !Object.hasOwn(left, name)) this.#field(shape, name, left, right);
    }
    for (const [name, { absent }] of shape.fields) {
      if (absent === undefined || left !== undefined && Object.hasOwn(left, name)) continue;
      if (right === undefined || !Object.hasOwn(right, name)) this.#field(shape, name, left, right);
    }
    return false;
  }

  #field(shape: MapShape, name: string, before: JsonObject | undefined, after: JsonObject | undefined): void {
    const [left, right] = [valueAt(before, name, shape), valueAt(after, name, shape)];
    if (left === right) return;
    this.#path.push(fieldElement(name));
    this.any(shapeAt(shape, name), left, right);
    this.#path.pop();
  }

  /** @returns whether they are to be compared as one value */
  #list(shape: ListShape, before: Json | undefined, after: Json | undefined): boolean {
    const left = Array.isArray(before) ? before : undefined;
    const right = Array.isArray(after) ? after : undefined;
    if (shape.sharing === "one" || !left?.length && !right?.length) return true;
    if (equal(left, right)) return false;
    const [lefts, rights] = [indexed(shape, left), indexed(shape, right)];
    for (const [element, items] of lefts) this.#items(shape, element, items, rights.get(element) ?? []);
    for (const [element, items] of rights) {
      if (!lefts.has(element)) this.#items(shape, element, [], items);
    }
    return false;
  }

  /** Elements of one name; several of them are one value. */
  #items({ item }: ListShape, element: string, left: readonly Json[], right: readonly Json[]): void {
    this.#path.push(element);
    if (left.length < 2 && right.length < 2) this.any(item, left[0], right[0]);
    else if (left.length > 1 && right.length > 1) {
      if (!equal([...left], [...right])) this.#changed();
    } else if (left.length > 1) {
      if (right.length > 0) this.any(item, undefined, right[0]);
      this.#removed();
    } else {
      if (left.length > 0) this.any(item, left[0], undefined);
      this.#changed();
    }
    this.#path.pop();
  }
}

function isHollow(object: JsonObject | undefined, shape: MapShape): boolean {
  for (const _ in object) return false;
  if (object === undefined) return true;
  for (const { absent } of shape.fields.values()) if (absent !== undefined) return false;
  return true;
}
