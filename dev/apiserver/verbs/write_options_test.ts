import assert from "node:assert/strict";
import { readDeleteOptions } from "./delete_options.ts";
import type { Json } from "../object.ts";
import { StatusError } from "../status_error.ts";
import { type OptionsKind, readWriteOptions } from "./write_options.ts";

const write = (kind: OptionsKind, query: string, apply = false) =>
  readWriteOptions(kind, new URLSearchParams(query), { userAgent: "kubectl", apply });

function refused(call: () => unknown, code: number, message: string): void {
  assert.throws(call, (error) => {
    assert.ok(error instanceof StatusError);
    assert.deepEqual([error.code, error.message], [code, message]);
    return true;
  });
}

Deno.test("readWriteOptions() reads a query, and names the client by its User-Agent where the query does not", () => {
  const nothing = { dryRun: false, manager: "kubectl", fieldValidation: "Warn", force: false };
  assert.deepEqual(write("CreateOptions", ""), nothing);
  assert.deepEqual(write("CreateOptions", "force=true"), nothing);
  assert.deepEqual(write("UpdateOptions", "dryRun=All&dryRun=All&fieldManager=me&fieldValidation=Strict"), {
    dryRun: true,
    manager: "me",
    fieldValidation: "Strict",
    force: false,
  });
  assert.equal(write("PatchOptions", "fieldManager=me&force=true", true).force, true);
  assert.equal(write("PatchOptions", "fieldManager=me&force=false", true).force, false);
});

/** As kube-apiserver 1.35 was seen to answer. */
const REFUSED: [kind: OptionsKind, query: string, message: string][] = [
  ["CreateOptions", "dryRun=x", 'dryRun: Unsupported value: ["x"]: supported values: "All"'],
  ["CreateOptions", "dryRun=", 'dryRun: Unsupported value: [""]: supported values: "All"'],
  [
    "UpdateOptions",
    "fieldValidation=x",
    'fieldValidation: Unsupported value: "x": supported values: "", "Ignore", "Strict", "Warn"',
  ],
  [
    "CreateOptions",
    `fieldManager=${"a".repeat(129)}`,
    "fieldManager: Too long: may not be more than 128 bytes",
  ],
  [
    "UpdateOptions",
    "fieldManager=a%01b",
    'fieldManager: Invalid value: "a\\x01b": invalid character U+0001 (at position 1)',
  ],
  ["PatchOptions", "force=true", "force: Forbidden: may not be specified for non-apply patch"],
];

for (const [kind, query, message] of REFUSED) {
  Deno.test(`readWriteOptions() refuses ${JSON.stringify(query)} in the words of kube-apiserver`, () => {
    refused(() => write(kind, query), 422, `${kind}.meta.k8s.io "" is invalid: ${message}`);
  });
}

Deno.test("readWriteOptions() wants a field manager for an apply (Kubernetes, Server-Side Apply)", () => {
  const message = 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch';
  refused(() => write("PatchOptions", "", true), 422, message);
});

const DELETES: [name: string, query: string, body: Json | undefined, wanted: Record<string, unknown>][] = [
  ["nothing", "", undefined, { dryRun: false, policy: "Background" }],
  ["a query", "dryRun=All&propagationPolicy=Orphan", undefined, { dryRun: true, policy: "Orphan" }],
  ["an empty body, which counts instead of the query", "dryRun=All", {}, { dryRun: false, policy: "Background" }],
  ["a body", "", {
    kind: "DeleteOptions",
    apiVersion: "v1",
    dryRun: ["All"],
    propagationPolicy: "Background",
    gracePeriodSeconds: 0,
    preconditions: { uid: "u", resourceVersion: "5" },
  }, { dryRun: true, policy: "Background", uid: "u", resourceVersion: "5" }],
  ["orphanDependents", "", { orphanDependents: true }, { dryRun: false, policy: "Orphan" }],
];

for (const [name, query, body, wanted] of DELETES) {
  Deno.test(`readDeleteOptions() reads ${name}`, () => {
    assert.deepEqual(readDeleteOptions(new URLSearchParams(query), body), wanted);
  });
}

const POLICY =
  'propagationPolicy: Unsupported value: "Foo": supported values: "Foreground", "Background", "Orphan", "nil"';
const DELETES_REFUSED: [name: string, query: string, body: Json | undefined, code: number, message: string][] = [
  ["an unknown policy", "", { propagationPolicy: "Foo" }, 422, `DeleteOptions.meta.k8s.io "" is invalid: ${POLICY}`],
  [
    "the same in the query",
    "propagationPolicy=Foo",
    undefined,
    422,
    `DeleteOptions.meta.k8s.io "" is invalid: ${POLICY}`,
  ],
  [
    "two policies",
    "",
    { orphanDependents: true, propagationPolicy: "Background" },
    422,
    'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Background": orphanDependents and deletionPropagation cannot be both set',
  ],
  [
    "a grace period that is none",
    "gracePeriodSeconds=x",
    undefined,
    400,
    'strconv.ParseInt: parsing "x": invalid syntax',
  ],
  [
    "the same in the body",
    "",
    { gracePeriodSeconds: "x" },
    400,
    "json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64",
  ],
  [
    "another kind",
    "",
    { kind: "ConfigMap", apiVersion: "v1" },
    400,
    'no kind "ConfigMap" is registered for version "v1" in scheme "pkg/runtime/scheme.go:111"',
  ],
];

for (const [name, query, body, code, message] of DELETES_REFUSED) {
  Deno.test(`readDeleteOptions() refuses ${name} in the words of kube-apiserver`, () => {
    refused(() => readDeleteOptions(new URLSearchParams(query), body), code, message);
  });
}

Deno.test("readDeleteOptions() refuses preconditions that are no texts", () => {
  assert.throws(
    () => readDeleteOptions(new URLSearchParams(), { preconditions: { uid: 5 } }),
    /cannot unmarshal number into Go struct field DeleteOptions\.preconditions\.uid of type string/,
  );
});
