import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import type { Json } from "../object.ts";
import {
  difference,
  EMPTY,
  type FieldSet,
  has,
  insert,
  intersection,
  isEmpty,
  parseFieldSet,
  paths,
  recursiveDifference,
  sorted,
  union,
} from "./field_set.ts";
import { parseElement, showElement } from "./path_element.ts";

const element = fc.constantFrom("f:a", "f:b", 'k:{"n":1,"p":"x"}', 'v:"x"', "i:0", "f:.", "f:__proto__");
const pathList = fc.array(fc.array(element, { minLength: 1, maxLength: 3 }), { maxLength: 8 });

function setOf(list: readonly string[][]): FieldSet {
  const set: FieldSet = {};
  for (const path of list) insert(set, path);
  return set;
}

/** A set as what it means: the paths in it. */
const meaning = (set: FieldSet) => new Set(paths(set).map((path) => path.join(" ")));
const isBelow = (path: string, other: string) => path === other || path.startsWith(`${other} `);

Deno.test("union(), intersection() and difference() are those of sets of paths", () => {
  fc.assert(fc.property(pathList, pathList, (left, right) => {
    const [a, b] = [setOf(left), setOf(right)];
    const [pathsA, pathsB] = [meaning(a), meaning(b)];
    deepEqual(pathsA, new Set(left.map((path) => path.join(" "))));
    deepEqual(meaning(union(a, b)), pathsA.union(pathsB));
    deepEqual(meaning(intersection(a, b)), pathsA.intersection(pathsB));
    deepEqual(meaning(difference(a, b)), pathsA.difference(pathsB));
    const below = [...pathsA].filter((path) => ![...pathsB].some((other) => isBelow(path, other)));
    deepEqual(meaning(recursiveDifference(a, b)), new Set(below));
    equal(isEmpty(difference(a, a)), true);
    for (const path of left) equal(has(a, path), true);
    for (const path of right) equal(has(difference(a, b), path), false);
  }));
});

Deno.test("union() and difference() give the same object where nothing changes, so that it need not be written anew", () => {
  fc.assert(fc.property(pathList, pathList, (left, right) => {
    const [a, b] = [setOf(left), setOf(right)];
    const all = union(a, b);
    equal(union(all, b), all);
    const rest = difference(a, b);
    equal(difference(rest, b), rest);
  }));
});

Deno.test("a set survives fieldsV1, and is written in order", () => {
  fc.assert(fc.property(pathList, (list) => {
    const set = sorted(setOf(list));
    const text = JSON.stringify(set);
    equal(JSON.stringify(sorted(setOf([...list].reverse()))), text);
    deepEqual(parseFieldSet(JSON.parse(text)), set);
  }));
});

const PARSED: readonly [name: string, json: Json | undefined, set: FieldSet | undefined][] = [
  ["nothing", undefined, {}],
  ["keys in another order and with spaces", { 'k:{"b": 1, "a":"x"}': {} }, { 'k:{"a":"x","b":1}': {} }],
  ["values with spaces", { 'v: "x"': {} }, { 'v:"x"': {} }],
  ["an index with zeros", { "i:00": {} }, { "i:0": {} }],
  ["elements of later versions are left out", { "x:later": { "f:a": {} }, "f:a": {} }, { "f:a": {} }],
  ["a field with nothing but itself", { "f:a": { ".": {} } }, { "f:a": {} }],
  ["a dot at the top means nothing", { ".": {}, "f:a": {} }, { "f:a": {} }],
  ["a field and what is below it", { "f:a": { ".": {}, "f:b": {} } }, { "f:a": { ".": {}, "f:b": {} } }],
  ["a field of the name __proto__", JSON.parse(`{"f:__proto__":{"f:x":{}}}`), { "f:__proto__": { "f:x": {} } }],
  ["no object", [], undefined],
  ["no object below", { "f:a": 5 }, undefined],
  ["no path element", { a: {} }, undefined],
  ["__proto__ as an element", JSON.parse(`{"__proto__":{}}`), undefined],
  ["a key that is no JSON", { "k:{": {} }, undefined],
  ["a key that is no object", { "k:[]": {} }, undefined],
  ["an index that is none", { "i:x": {} }, undefined],
  ["nested without end", JSON.parse(`${`{"f:a":`.repeat(200)}{}${"}".repeat(200)}`), undefined],
];

for (const [name, json, set] of PARSED) {
  Deno.test(`parseFieldSet(): ${name}`, () => {
    if (set === undefined) throws(() => parseFieldSet(json), SyntaxError);
    else deepEqual(parseFieldSet(json), set);
  });
}

Deno.test("paths() gives the fields of a level before those below it, in the order of kube-apiserver's messages", () => {
  const set = parseFieldSet({
    "i:10": {},
    "i:9": {},
    'v:"x"': {},
    'k:{"a":1}': { ".": {}, "f:z": {} },
    "f:b": {},
    "f:a": { "f:c": {} },
  });
  deepEqual(paths(set).map((path) => path.map(showElement).join("")), [
    ...[".b", "[a=1]", '[="x"]', "[9]", "[10]", ".a.c", "[a=1].z"],
  ]);
});

Deno.test("nobody can change the empty set", () => {
  throws(() => insert(EMPTY, ["f:a"]), TypeError);
  equal(parseElement("x:1"), undefined);
});
