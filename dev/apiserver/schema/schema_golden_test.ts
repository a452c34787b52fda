import { deepStrictEqual, strictEqual } from "node:assert/strict";
import golden from "../../../tests/golden/kube-validation/schema.json" with { type: "json" };
import strict from "../../../tests/golden/kube-validation/strict.json" with { type: "json" };
import { builtInKinds } from "../kinds/built_in.ts";
import { kindsOfCrd } from "../kinds/crd.ts";
import type { JsonObject } from "../object.ts";
import { applyDefaults } from "./schema_default.ts";
import { prune } from "./schema_prune.ts";
import { validate } from "./schema_validate.ts";
import type { FieldError } from "../status_error.ts";
import { strictComplaints } from "./strict_fields.ts";

const [probe] = kindsOfCrd(golden.crd as unknown as JsonObject);

function outcome(spec: JsonObject): { unknown: string[]; stored: JsonObject; causes: FieldError[] } {
  const metadata = { name: "a" };
  const object: JsonObject = {
    apiVersion: "test.example.com/v1",
    kind: "Probe",
    metadata,
    spec: structuredClone(spec),
  };
  const unknown = prune(object, probe!.schema).map((path) => `unknown field "${path}"`);
  applyDefaults(object, probe!.schema);
  return { unknown, stored: object.spec as JsonObject, causes: sorted(validate(object, probe!.schema)) };
}

const sorted = (causes: readonly FieldError[]) =>
  [...causes].sort((a, b) => `${a.field} ${a.message}` < `${b.field} ${b.message}` ? -1 : 1);

for (const { name, spec, stored, causes, unknown } of golden.cases) {
  Deno.test(`${golden.from}, CustomResourceDefinition: ${name}`, () => {
    const found = outcome(spec as JsonObject);
    deepStrictEqual(found.causes, causes ?? []);
    deepStrictEqual(found.unknown, unknown ?? []);
    if (stored !== undefined) deepStrictEqual(found.stored, stored);
  });
}

Deno.test(`${golden.from}: string formats`, () => {
  const differ = golden.formats.filter(({ format, text, causes }) => {
    const found = outcome({ [`f-${format}`]: text }).causes;
    return JSON.stringify(found) !== JSON.stringify(causes);
  });
  deepStrictEqual(differ.map(({ format, text }) => `${format} ${JSON.stringify(text)}`), []);
});

const kinds = [...builtInKinds(), probe!];
for (const { path, text, message } of strict.cases) {
  Deno.test(`${strict.from}, strict field validation: ${text}`, () => {
    const kind = kinds.find(({ plural }) => path.endsWith(`/${plural}`))!;
    const complaints = strictComplaints(kind, text, prune(JSON.parse(text), kind.schema));
    strictEqual(complaints.join(", "), message.replace(/^.*strict decoding error: /, ""));
  });
}
