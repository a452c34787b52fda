import { deepStrictEqual, match, notStrictEqual, ok, strictEqual } from "node:assert/strict";
import golden from "../../../tests/golden/kube-validation/schema.json" with { type: "json" };
import type { Kind } from "../kind.ts";
import { builtInKinds } from "../kinds/built_in.ts";
import { kindsOfCrd } from "../kinds/crd.ts";
import type { Json, JsonObject } from "../object.ts";
import { openApiDocument, openApiPaths } from "./openapi.ts";

const [probe] = kindsOfCrd(golden.crd as unknown as JsonObject) as [Kind];
const kinds = [...builtInKinds(), probe];
const at = (value: Json | undefined, ...path: readonly string[]) =>
  path.reduce<Json | undefined>((found, field) => (found as JsonObject | undefined)?.[field], value);

function* references(value: Json): Iterable<string> {
  if (typeof value !== "object" || value === null) return;
  for (const [field, inner] of Object.entries(value)) {
    if (field === "$ref" && typeof inner === "string") yield inner;
    else yield* references(inner);
  }
}

Deno.test("OpenAPI v3: the index names a document for each group and version, under an address that changes with it", () => {
  const { paths } = openApiPaths(kinds) as { paths: Record<string, { serverRelativeURL: string }> };
  deepStrictEqual(Object.keys(paths), [
    "api/v1",
    "apis/apps/v1",
    "apis/coordination.k8s.io/v1",
    "apis/test.example.com/v1",
  ]);
  match(paths["api/v1"]!.serverRelativeURL, /^\/openapi\/v3\/api\/v1\?hash=[0-9A-F]{64}$/);
  const changed = openApiPaths([...kinds.slice(0, -1), { ...probe, plural: "samples" }]) as { paths: typeof paths };
  strictEqual(changed.paths["api/v1"]!.serverRelativeURL, paths["api/v1"]!.serverRelativeURL);
  const path = "apis/test.example.com/v1";
  notStrictEqual(changed.paths[path]!.serverRelativeURL, paths[path]!.serverRelativeURL);
});

Deno.test("OpenAPI v3: every reference leads to a component, every kind has one, and each has a path", () => {
  for (const of of kinds) {
    const document = openApiDocument(of, kinds);
    const schemas = at(document, "components", "schemas") as JsonObject;
    for (const reference of references(document)) {
      ok(reference.replace("#/components/schemas/", "") in schemas, reference);
    }
    const named = Object.values(schemas).filter((schema) =>
      ((schema as JsonObject)["x-kubernetes-group-version-kind"] as JsonObject[] | undefined)?.[0]?.kind === of.kind
    );
    strictEqual(named.length, 1, of.kind);
    ok(
      Object.keys(at(document, "paths") as JsonObject).some((path) => path.endsWith(`/${of.plural}/{name}`)),
      of.plural,
    );
  }
});

Deno.test("OpenAPI v3: lists of a pod template say how they are patched", () => {
  const document = openApiDocument({ group: "apps", version: "v1" }, kinds);
  const schemas = at(document, "components", "schemas");
  const containers = at(schemas, "io.k8s.api.core.v1.PodSpec", "properties", "containers") as JsonObject;
  deepStrictEqual(containers["x-kubernetes-list-map-keys"], ["name"]);
  strictEqual(containers["x-kubernetes-patch-merge-key"], "name");
  deepStrictEqual(at(schemas, "io.k8s.api.apps.v1.Deployment", "required"), undefined);
  deepStrictEqual(at(schemas, "io.k8s.api.apps.v1.DeploymentSpec", "required"), ["selector", "template"]);
});

Deno.test("OpenAPI v3: rules in CEL are published though nobody evaluates them", () => {
  const rules = [{ rule: "self > 1", message: "must be above 1" }];
  const crd = structuredClone(golden.crd) as unknown as { spec: { versions: { schema: unknown }[] } };
  crd.spec.versions[0]!.schema = {
    openAPIV3Schema: {
      type: "object",
      properties: {
        spec: { type: "object", properties: { n: { type: "integer", "x-kubernetes-validations": rules } } },
      },
    },
  };
  const [kind] = kindsOfCrd(crd as unknown as JsonObject);
  const document = openApiDocument(kind!, [kind!]);
  const schema = at(
    document,
    "components",
    "schemas",
    "com.example.test.v1.Probe",
    "properties",
    "spec",
    "properties",
    "n",
  );
  deepStrictEqual(schema, { type: "integer", "x-kubernetes-validations": rules });
});
