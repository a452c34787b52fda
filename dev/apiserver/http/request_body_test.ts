import { deepEqual, equal, throws } from "node:assert/strict";
import type { Kind } from "../kind.ts";
import { readDeleteOptions, readObject, readPatch } from "./request_body.ts";
import { checkSentObject } from "./sent_object.ts";

function kind(builtIn: boolean, name: string, more: Partial<Kind>): Kind {
  const fields = { singular: "", shortNames: [], categories: [], status: true, schema: {}, columns: [] };
  return { ...fields, group: "", version: "v1", plural: "", namespaced: true, kind: name, builtIn, ...more };
}

const CONFIG_MAP = kind(true, "ConfigMap", { plural: "configmaps" });
const MACHINE = kind(false, "Machine", { group: "unbounded-cloud.io", version: "v1alpha3", namespaced: false });
const KINDS = [CONFIG_MAP, MACHINE, kind(true, "Secret", { plural: "secrets" })];
const OBJECT = `the object provided is unrecognized (must be of type`;

function raw(text: string, contentType: string | null = "application/json") {
  return { bytes: new TextEncoder().encode(text), contentType };
}

/** Reads and checks, as a POST, or a PUT of `name`. */
function receive(of: Kind, text: string, contentType?: string, name?: string) {
  const expected = { kind: of, ...(of.namespaced ? { namespace: "ns" } : {}), ...(name === undefined ? {} : { name }) };
  return checkSentObject(expected, readObject(of.kind, raw(text, contentType)), KINDS);
}

/** What kube-apiserver 1.35 answers. */
const refused: readonly [of: Kind, text: string, message: string | RegExp, type?: string, name?: string][] = [
  [
    CONFIG_MAP,
    "{bad",
    `${OBJECT} ConfigMap): couldn't get version/kind; json parse error: invalid character 'b' looking for beginning of object key string ({bad)`,
  ],
  [
    CONFIG_MAP,
    "",
    `${OBJECT} ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)`,
  ],
  [CONFIG_MAP, "[]", /cannot unmarshal array into Go value of type struct \{ APIVersion string .* \} \(5b5d\)$/],
  [CONFIG_MAP, '{"kind":5}', /cannot unmarshal number into Go struct field \.kind of type string/],
  [
    CONFIG_MAP,
    "a: [b",
    new RegExp(`^${OBJECT.replace("(", "\\(")} ConfigMap\\): yaml: line 1: .* \\(613a205b62\\)$`),
    "application/yaml",
  ],
  [
    CONFIG_MAP,
    "{}",
    "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf",
    "text/plain",
  ],
  [
    CONFIG_MAP,
    "xx",
    `${OBJECT} ConfigMap): provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] (7878)`,
    "application/vnd.kubernetes.protobuf",
  ],
  [
    CONFIG_MAP,
    '{"apiVersion":"v1","kind":"Secret"}',
    'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion',
  ],
  [
    CONFIG_MAP,
    '{"apiVersion":"v2","kind":"ConfigMap"}',
    'ConfigMap in version "v2" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v2" in scheme "pkg/runtime/scheme.go:111"',
  ],
  [
    CONFIG_MAP,
    '{"metadata":{"name":"a","namespace":"other"}}',
    "the namespace of the provided object does not match the namespace sent on the request",
  ],
  [
    CONFIG_MAP,
    '{"metadata":{"name":5}}',
    'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string',
  ],
  [
    CONFIG_MAP,
    '{"metadata":"x"}',
    'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal string into Go struct field ConfigMap.metadata of type v1.ObjectMeta',
  ],
  [
    CONFIG_MAP,
    '{"metadata":{"name":"a"}}',
    "the name of the object (a) does not match the name on the URL (b)",
    undefined,
    "b",
  ],
  [
    CONFIG_MAP,
    '{"metadata":{}}',
    "the name of the object (b based on URL) was undeterminable: name must be provided",
    undefined,
    "b",
  ],
  [MACHINE, "{}", `${OBJECT} Machine): Object 'Kind' is missing in '{}' ({})`],
  [
    MACHINE,
    '{"kind":"Machine"}',
    "the API version in the data () does not match the expected API version (unbounded-cloud.io/v1alpha3)",
  ],
  [
    MACHINE,
    '{"kind":"Foo","apiVersion":"unbounded-cloud.io/v1alpha3","metadata":{"name":"a"}}',
    'Foo.unbounded-cloud.io "a" is invalid: kind: Invalid value: "Foo": must be Machine',
  ],
  ...[
    ['"labels":{"a":1}', "cannot unmarshal number into Go struct field ObjectMeta.labels of type string"],
    ['"labels":["a"]', "cannot unmarshal array into Go struct field ObjectMeta.labels of type map[string]string"],
    ['"finalizers":"a"', "cannot unmarshal string into Go struct field ObjectMeta.finalizers of type []string"],
    [
      '"ownerReferences":[5]',
      "cannot unmarshal number into Go struct field ObjectMeta.ownerReferences of type v1.OwnerReference",
    ],
    ['"generation":1.5', "cannot unmarshal number 1.5 into Go struct field ObjectMeta.generation of type int64"],
    [
      '"managedFields":{}',
      "cannot unmarshal object into Go struct field ObjectMeta.managedFields of type []v1.ManagedFieldsEntry",
    ],
  ].map(([field, text]): [Kind, string, string] => [
    MACHINE,
    `{"kind":"Machine","apiVersion":"unbounded-cloud.io/v1alpha3","metadata":{"name":"a",${field}}}`,
    `Machine in version "v1alpha3" cannot be handled as a Machine: json: ${text}`,
  ]),
];

for (const [of, text, message, type, name] of refused) {
  Deno.test(`a body is refused as kube-apiserver does: ${of.kind} ${text.slice(0, 90)}${type ?? ""}${name ?? ""}`, () => {
    throws(() => receive(of, text, type, name), { name: "StatusError", message });
  });
}

Deno.test("a built-in kind is complete without apiVersion and kind, a custom one is not", () => {
  deepEqual(receive(CONFIG_MAP, '{"metadata":null,"data":{"a":"b"}}'), {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {},
    data: { a: "b" },
  });
});

for (const type of ["application/yaml", "application/json; charset=utf-8", null]) {
  Deno.test(`a body in ${type ?? "no type at all"} is read`, () => {
    equal(receive(CONFIG_MAP, '{"metadata": {"name": "a"}}', type ?? undefined).metadata.name, "a");
  });
}

for (
  const { name, text } of [
    { name: "nested too deeply", text: '{"a":'.repeat(400) + "1" + "}".repeat(400) },
    { name: "nested beyond any parser", text: "[".repeat(100_000) },
    { name: "__proto__", text: '{"metadata":{"labels":{"__proto__":"x"}}}' },
  ]
) {
  for (const type of ["application/json", "application/yaml"]) {
    Deno.test(`a body with ${name} as ${type} is refused`, () => {
      throws(() => receive(CONFIG_MAP, text, type), { name: "StatusError", code: 400 });
    });
  }
}

Deno.test("a body with a number without end is refused", () => {
  throws(() => receive(CONFIG_MAP, '{"a":1e999}'), { code: 400, message: /numbers must be finite/ });
  throws(() => receive(CONFIG_MAP, "a: .inf", "application/yaml"), { code: 400, message: /numbers must be finite/ });
});

Deno.test("a patch is of a sort that the kind has", () => {
  const patch = (of: Kind, type: string, text = "{}") => readPatch(of, raw(text, type));
  deepEqual(patch(MACHINE, "application/merge-patch+json; charset=utf-8").contentType, "application/merge-patch+json");
  deepEqual(patch(CONFIG_MAP, "application/strategic-merge-patch+json").patch, {});
  deepEqual(patch(MACHINE, "application/apply-patch+yaml", "a: [1]").patch, { a: [1] });
  throws(() => patch(MACHINE, "application/strategic-merge-patch+json"), {
    code: 415,
    message: /include: application\/json-patch\+json, application\/merge-patch\+json, application\/apply-patch\+yaml$/,
  });
  throws(() => patch(CONFIG_MAP, "application/json"), { code: 415, message: "415: Unsupported Media Type" });
  throws(() => patch(MACHINE, "application/merge-patch+json", "{bad"), {
    code: 400,
    message: /^error decoding patch: invalid character 'b'/,
  });
  throws(() => patch(MACHINE, "application/apply-patch+yaml", "[]"), {
    code: 400,
    message: /^error decoding YAML: error unmarshaling JSON/,
  });
  throws(() => patch(MACHINE, "application/apply-patch+yaml", "a: ["), {
    code: 400,
    message: /^error decoding YAML: error converting YAML to JSON: yaml: line 1: /,
  });
});

Deno.test("DELETE has options or no body", () => {
  equal(readDeleteOptions(raw("")), undefined);
  deepEqual(readDeleteOptions(raw('{"gracePeriodSeconds":0}')), { gracePeriodSeconds: 0 });
  throws(() => readDeleteOptions(raw("{bad")), { code: 400, message: /^couldn't get version\/kind; json parse error/ });
});
