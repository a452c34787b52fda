import { deepStrictEqual, strictEqual } from "node:assert/strict";
import golden from "../../../tests/golden/kube-validation/tables.json" with { type: "json" };
import { jsonPath } from "./json_path.ts";
import { builtInKinds } from "../kinds/built_in.ts";
import { kindsOfCrd } from "../kinds/crd.ts";
import type { ApiObject, JsonObject } from "../object.ts";
import { table } from "./table.ts";

const kinds = [...builtInKinds(), ...kindsOfCrd(golden.crd as unknown as JsonObject)];

for (const { path, nowMs, columns, rows } of golden.tables) {
  Deno.test(`${golden.from}, Table of ${path}`, () => {
    const kind = kinds.find(({ plural }) => path.endsWith(`/${plural}`))!;
    const objects = rows.map(({ object }) => object as unknown as ApiObject);
    const found = table(kind, objects, { nowMs, includeObject: "Object", resourceVersion: "7" });
    deepStrictEqual(found.rows, rows);
    const described = columns.map(({ name }) => columns.find((one) => one.name === name && "description" in one));
    const definitions = (found.columnDefinitions as JsonObject[]).map(({ description, ...rest }, index) =>
      described[index] === undefined ? rest : { ...rest, description }
    );
    deepStrictEqual(definitions, columns);
  });
}

Deno.test("table() says of which list it is, and shows of an object what was asked for", () => {
  const kind = kinds.find(({ plural }) => plural === "configmaps")!;
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: {} };
  const options = { nowMs: 0, resourceVersion: "7", continue: "more", remainingItemCount: 3 };
  const { metadata, rows } = table(kind, [object], options);
  deepStrictEqual(metadata, { resourceVersion: "7", continue: "more", remainingItemCount: 3 });
  const partial = { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: { name: "a" } };
  deepStrictEqual(rows, [{ cells: ["a", 0, "<unknown>"], object: partial }]);
  const bare = table(kind, [object], { nowMs: 0, includeObject: "None", headers: false });
  deepStrictEqual(bare, {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata: {},
    rows: [{ cells: ["a", 0, "<unknown>"], object: null }],
  });
});

Deno.test("jsonPath() knows fields, indices, stars and filters for a text, and nothing else", () => {
  const paths = [".a", ".a.b", ".a[0].b", ".a[-1]", ".a[*]", ".a.*", ".a['b.c']", '.a["b"]', ".a\\.b/c"];
  for (const path of [...paths, '.a[?(@.b=="c")]', ".a[?(@.b=='c')].d"]) {
    strictEqual(typeof jsonPath(path), "function", path);
  }
  for (const path of ["a", ".a[?(@.b==1)]", ".a[0:2]", "..a", ".a[", ".a b", "{.a}"]) {
    strictEqual(jsonPath(path), undefined, path);
  }
});

Deno.test("jsonPath() finds the first element with a field of one value", () => {
  const find = jsonPath('.conditions[?(@.type=="B")].reason')!;
  strictEqual(find({ conditions: [{ type: "A", reason: "x" }, "B", { type: "B", reason: "y" }] }), "y");
  strictEqual(find({ conditions: [{ type: "A", reason: "x" }] }), undefined);
  strictEqual(find({ conditions: { type: "B" } }), undefined);
});
