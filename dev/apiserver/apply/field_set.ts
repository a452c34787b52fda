/**
 * Sets of fields, kept in the shape of `fieldsV1`: a node with fields below it is itself in the set only when it has `.`,
 * one without is. They are never changed, so that parts of them are shared.
 */
import { isJsonObject, type Json } from "../object.ts";
import { compareElements, parseElement } from "./path_element.ts";

/** A set, or a node of one. The empty object is the empty set; as a node, a field. */
export interface FieldSet {
  /** By path element, and `.`. */
  [element: string]: FieldSet;
}

/** Nothing. */
export const EMPTY: FieldSet = Object.freeze({});
const SELF = ".";
/** Objects of the API are far from it. */
const MAX_DEPTH = 100;

/** Whether there is nothing in it. */
export function isEmpty(set: object): boolean {
  for (const _ in set) return false;
  return true;
}

function isMember(node: FieldSet): boolean {
  return SELF in node || isEmpty(node);
}

/** A node that is itself a field. */
export function asMember(node: FieldSet): FieldSet {
  return isMember(node) ? node : { [SELF]: EMPTY, ...node };
}

/** Puts a node into a set that is being made: a field, what is below it, or both. */
function put(set: FieldSet, element: string, member: boolean, below: FieldSet): void {
  if (isEmpty(below)) {
    if (member) set[element] = EMPTY;
  } else set[element] = member ? { [SELF]: EMPTY, ...below } : below;
}

function below(node: FieldSet): FieldSet {
  if (!(SELF in node)) return node;
  const { [SELF]: _, ...rest } = node;
  return rest;
}

/** What is in either; `a` itself when that is all. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  let both: FieldSet | undefined;
  for (const element in b) {
    const [left, right] = [a[element], b[element]!];
    if (element === SELF || left === right) continue;
    if (left === undefined) {
      both ??= { ...a };
      both[element] = right;
      continue;
    }
    const [was, under] = [isMember(left), below(left)];
    const [member, all] = [was || isMember(right), union(under, below(right))];
    if (was === member && all === under) continue;
    both ??= { ...a };
    put(both, element, member, all);
  }
  return both ?? a;
}

/** What is in both. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const both: FieldSet = {};
  for (const element in b) {
    const [left, right] = [a[element], b[element]!];
    if (left === undefined || element === SELF) continue;
    put(both, element, isMember(left) && isMember(right), intersection(below(left), below(right)));
  }
  return both;
}

/** What is in `a` and not in `b`: a field stays when only what is below it goes, and the other way round. The same object when that is all of `a`. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return subtract(a, b, false);
}

/** {@link difference} where with a field goes what is below it. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  return subtract(a, b, true);
}

function subtract(a: FieldSet, b: FieldSet, recursive: boolean): FieldSet {
  let rest: FieldSet | undefined;
  for (const element in b) {
    const [left, right] = [a[element], b[element]!];
    if (left === undefined || element === SELF) continue;
    const gone = isMember(right);
    const [under, was] = [below(left), isMember(left)];
    const kept = gone && recursive ? EMPTY : isEmpty(under) ? under : subtract(under, right, recursive);
    if (kept === under && !(gone && was)) continue;
    rest ??= { ...a };
    delete rest[element];
    put(rest, element, was && !gone, kept);
  }
  return rest ?? a;
}

/** Whether a field is in the set. */
export function has(set: FieldSet, path: readonly string[]): boolean {
  let node: FieldSet | undefined = set;
  for (const element of path) node = node?.[element];
  return node !== undefined && path.length > 0 && isMember(node);
}

/** Adds a field to a set that is being made. */
export function insert(set: FieldSet, path: readonly string[]): void {
  let node = set;
  for (let i = 0; i < path.length - 1; i++) {
    const element = path[i]!;
    const next = node[element];
    // A field that gets something below it must say that it is one.
    if (next === undefined || next === EMPTY) node = node[element] = next === undefined ? {} : { [SELF]: EMPTY };
    else node = next;
  }
  const last = path.at(-1);
  if (last === undefined) return;
  const there = node[last];
  if (there === undefined) node[last] = EMPTY;
  else if (there !== EMPTY) there[SELF] = EMPTY;
}

/** All fields: those of a level in their order, then what is below them. */
export function paths(set: FieldSet): string[][] {
  const elements = Object.keys(set).filter((element) => element !== SELF).sort(compareElements);
  return [
    ...elements.filter((element) => isMember(set[element]!)).map((element) => [element]),
    ...elements.flatMap((element) => paths(below(set[element]!)).map((path) => [element, ...path])),
  ];
}

/** The set with its elements in order, as it is stored. */
export function sorted(set: FieldSet): FieldSet {
  const elements = Object.keys(set);
  if (elements.length === 0) return EMPTY;
  const result: FieldSet = {};
  for (const element of elements.sort()) result[element] = sorted(set[element]!);
  return result;
}

/**
 * Reads `fieldsV1`. Elements of later versions are left out.
 * @throws {SyntaxError} when it is none
 */
export function parseFieldSet(json: Json | undefined): FieldSet {
  return json === undefined ? EMPTY : parseNode(json, 0);
}

function parseNode(json: Json, depth: number): FieldSet {
  if (!isJsonObject(json) || depth > MAX_DEPTH) throw new SyntaxError("no set of fields");
  const set: FieldSet = {};
  for (const [text, value] of Object.entries(json)) {
    const element = text === SELF ? undefined : parseElement(text);
    if (element === undefined) {
      if (text === SELF && depth > 0) set[SELF] = EMPTY;
      continue;
    }
    const node = parseNode(value, depth + 1);
    const inner = below(node);
    put(set, element, isMember(node), inner);
  }
  return set;
}
