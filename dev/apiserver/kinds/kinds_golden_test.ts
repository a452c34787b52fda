import { deepStrictEqual, strictEqual } from "node:assert/strict";
import golden from "../../../tests/golden/kube-validation/kinds.json" with { type: "json" };
import probe from "../../../tests/golden/kube-validation/schema.json" with { type: "json" };
import { decodeProblem } from "../schema/go_decode.ts";
import { validateMetadata, validateMetadataUpdate } from "../schema/metadata_validate.ts";
import type { ApiObject, JsonObject } from "../object.ts";
import { applyDefaults } from "../schema/schema_default.ts";
import type { FieldError } from "../status_error.ts";
import { builtInKinds } from "./built_in.ts";
import { kindsOfCrd } from "./crd.ts";
import { defaultKind } from "./default_kind.ts";
import { validateKind } from "./validate_kind.ts";

const kinds = [...builtInKinds(), ...kindsOfCrd(probe.crd as unknown as JsonObject)];

const sorted = (causes: readonly FieldError[]) =>
  [...causes].sort((a, b) => `${a.field} ${a.message}` < `${b.field} ${b.message}` ? -1 : 1);

/** What the verbs set, or somebody else on the way. */
function comparable(object: ApiObject): JsonObject {
  const { apiVersion: _version, kind: _kind, metadata: _metadata, status: _status, ...rest } = structuredClone(object);
  const spec = rest["spec"] as JsonObject | undefined;
  // Which address and which ports are free differs.
  if (object.kind === "Service" && spec !== undefined) {
    if (spec.clusterIP !== "None") { for (const field of ["clusterIP", "clusterIPs"]) delete spec[field]; }
    for (const port of spec.ports as JsonObject[] ?? []) delete port.nodePort;
  }
  return rest;
}

function prepared(plural: string, sent: JsonObject): ApiObject {
  const kind = kinds.find((one) => one.plural === plural)!;
  const object = structuredClone(sent) as ApiObject;
  object.kind = kind.kind;
  if (kind.namespaced) object.metadata["namespace"] = "default";
  applyDefaults(object, kind.schema);
  defaultKind(kind, object);
  return object;
}

for (const { plural, name, object, causes, refused, stored } of golden.cases) {
  Deno.test(`${golden.from}, ${plural}: ${name}`, () => {
    const kind = kinds.find((one) => one.plural === plural)!;
    const problem = decodeProblem(kind, object as unknown as JsonObject);
    strictEqual(problem, refused?.replace(/^.* cannot be handled as a \w+: /, ""));
    if (refused !== undefined) return;
    const found = prepared(plural, object as unknown as JsonObject);
    // The label that a Namespace gets is not here yet.
    const wanted = (causes ?? []).filter(({ field }) => plural !== "namespaces" || field !== "metadata.labels");
    deepStrictEqual(sorted([...validateMetadata(kind, found), ...validateKind(kind, found)]), wanted);
    if (stored !== undefined) deepStrictEqual(comparable(found), comparable(stored as unknown as ApiObject));
  });
}

for (const { plural, name, before, after, causes } of golden.changes) {
  Deno.test(`${golden.from}, ${plural} changed: ${name}`, () => {
    const kind = kinds.find((one) => one.plural === plural)!;
    const was = before as unknown as ApiObject;
    const sent = structuredClone(after) as unknown as ApiObject;
    // The verbs keep an address that was given.
    const { clusterIPs } = was["spec"] as JsonObject ?? {};
    if (clusterIPs !== undefined && name !== "address") sent["spec"] = { clusterIPs, ...sent["spec"] as JsonObject };
    const found = prepared(plural, sent);
    deepStrictEqual(
      sorted([...validateMetadataUpdate(kind, was, found), ...validateKind(kind, found, was)]),
      causes ?? [],
    );
  });
}
