import { deepStrictEqual } from "node:assert/strict";
import { base64Problem } from "./go_base64.ts";
import { timeProblem } from "./go_time.ts";
import { builtInKinds } from "../kinds/built_in.ts";
import type { Kind } from "../kind.ts";
import { metadataWarnings, validateMetadata, validateMetadataUpdate } from "./metadata_validate.ts";
import type { ApiObject, JsonObject } from "../object.ts";

const kind: Kind = builtInKinds().find(({ plural }) => plural === "leases")!;
const custom: Kind = { ...kind, builtIn: false };
const object = (metadata: JsonObject): ApiObject => ({
  apiVersion: "v1",
  kind: "X",
  metadata: { name: "a", namespace: "b", ...metadata },
});

Deno.test("annotations: 256 KiB of keys and values together (kube-apiserver v1.35.4)", () => {
  const texts = (size: number) =>
    validateMetadata(kind, object({ annotations: { key: "é".repeat(size / 2) } })).map((
      { field, message },
    ) => [field, message]);
  deepStrictEqual(texts(262_140), []);
  deepStrictEqual(texts(262_142), [["metadata.annotations", "Too long: may not be more than 262144 bytes"]]);
});

Deno.test("finalizers: none is added to what is being deleted", () => {
  const before = object({ deletionTimestamp: "2024-01-02T03:04:05Z", finalizers: ["example.com/a"] });
  const after = object({ ...before.metadata, finalizers: ["example.com/a", "example.com/b"] });
  const detail =
    'no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/b"}';
  const error = { reason: "FieldValueForbidden", field: "metadata.finalizers", message: `Forbidden: ${detail}` };
  deepStrictEqual(validateMetadataUpdate(kind, before, after), [error, error]);
  deepStrictEqual(validateMetadataUpdate(kind, before, object({ ...before.metadata, finalizers: [] })), []);
  deepStrictEqual(
    validateMetadataUpdate(kind, object({}), after).filter(({ field }) => field.endsWith("finalizers")),
    [],
  );
});

Deno.test("finalizers without a domain: objects of CustomResourceDefinitions are warned of when they get them", () => {
  const advice = "to avoid accidental conflicts with other finalizer writers";
  const after = object({ finalizers: ["x", "a.b", "a.b/c", "orphan"] });
  deepStrictEqual(metadataWarnings(custom, after), [
    `metadata.finalizers: "x": prefer a domain-qualified finalizer name ${advice}`,
    `metadata.finalizers: "a.b": prefer a domain-qualified finalizer name including a path (/) ${advice}`,
  ]);
  deepStrictEqual(metadataWarnings(custom, after, after), []);
  deepStrictEqual(metadataWarnings(kind, after), []);
});

Deno.test("base64Problem() says where Go's decoder gives up", () => {
  const cases: readonly (readonly [text: string, at: number | undefined])[] = [
    ["", undefined],
    ["YQ==", undefined],
    ["YWI=", undefined],
    ["Y\nW\r\nI=\n", undefined],
    ["Y", 0],
    ["YWJjY", 4],
    ["YQ=", 3],
    ["YQ=x", 2],
    ["YQ==YQ==", 4],
    ["YWI=x", 4],
    ["=", 0],
    ["Y===", 1],
    ["YW_j", 2],
  ];
  for (const [text, at] of cases) deepStrictEqual(base64Problem(text), at, JSON.stringify(text));
});

Deno.test("timeProblem() reads RFC 3339 as Go does", () => {
  const good = ["2024-01-02T03:04:05Z", "2024-01-02T03:04:05.123456789+01:00"];
  for (const text of good) deepStrictEqual(timeProblem(text, "Time"), undefined, text);
  deepStrictEqual(timeProblem("2024-01-02T03:04:05.000006-02:00", "MicroTime"), undefined);
  const parsing = 'parsing time "2024-01-02T03:04:05Zx"';
  deepStrictEqual(timeProblem("2024-01-02T03:04:05Zx", "Time"), `${parsing}: extra text: "x"`);
  deepStrictEqual(
    timeProblem("2024-01-02T24:04:05Z", "Time"),
    'parsing time "2024-01-02T24:04:05Z": hour out of range',
  );
});
