import assert from "node:assert/strict";
import { goldenTypes } from "../../tests/golden/gotemplate/cases.ts";
import { type GoType, goType } from "./go_type.ts";

type GoldenField = { name: string; type: string; json: string | null; inline?: boolean; embedded?: boolean };
type GoldenMethod = { name: string; receiver: string; in: string[]; out: string[] };
const named = (type: string) => type.replace("interface {}", "any");

function fields(type: GoType) {
  return type.fields.map(({ name, type, json, inline, embedded }) => ({
    name,
    type: type.name,
    json: json ?? null,
    inline,
    embedded,
  }));
}

function methods(type: GoType) {
  return [...type.methods.values()].map(({ name, onPointer, params, results }) => ({
    name,
    receiver: onPointer ? "pointer" : "value",
    in: params.map((param) => param.name),
    out: results,
  })).toSorted((a, b) => a.name < b.name ? -1 : 1);
}

Deno.test("contract 8: the table of types is Go's, down to fields, methods, stringers and comparability", () => {
  for (const [name, golden] of Object.entries<Record<string, unknown>>(goldenTypes.types)) {
    const type = goType(name);
    assert.equal(type.kind, golden.kind, name);
    assert.equal(type.stringer, golden.stringer, name);
    assert.equal(type.goStringer, golden.goStringer, name);
    assert.equal(type.comparable, golden.comparable, name);
    const isRoot = name === goldenTypes.root;
    const wantedFields = (golden.fields as GoldenField[] ?? []).map(({ name, type, json, inline, embedded }) => ({
      name,
      type: named(type),
      json: isRoot ? name : json || null,
      inline: inline ?? false,
      embedded: embedded ?? false,
    }));
    assert.deepEqual(fields(type).slice(0, wantedFields.length), wantedFields, name);
    assert.equal(type.fields.length, wantedFields.length + (isRoot ? 2 : 0), name);
    const wantedMethods = (golden.methods as GoldenMethod[] ?? []).map((method) => ({
      name: method.name,
      receiver: method.receiver,
      in: method.in.map(named),
      out: method.out.map(named),
    }));
    assert.deepEqual(methods(type), wantedMethods.toSorted((a, b) => a.name < b.name ? -1 : 1), name);
  }
});
