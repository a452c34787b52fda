import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { load } from "js-yaml";
import type { Json, JsonObject } from "../object.ts";
import { applyDefaults } from "../schema/schema_default.ts";
import { validate } from "../schema/schema_validate.ts";
import { CrdError, kindsOfCrd } from "./crd.ts";

const crd = load(Deno.readTextFileSync(new URL("../../../deploy/crd.yaml", import.meta.url))) as JsonObject;

Deno.test("kindsOfCrd() reads our own definition", () => {
  const [kind, ...others] = kindsOfCrd(crd);
  deepStrictEqual(others, []);
  const { schema: _schema, columns, ...rest } = kind!;
  deepStrictEqual(rest, {
    group: "unbounded-cloud.io",
    version: "v1alpha3",
    kind: "Machine",
    plural: "machines",
    singular: "machine",
    shortNames: ["mach"],
    categories: [],
    namespaced: false,
    status: true,
    builtIn: false,
  });
  const names = (wide: boolean) => columns.filter(({ priority }) => (priority === 1) === wide).map(({ name }) => name);
  deepStrictEqual(names(false), ["Host", "Phase", "K8s Version", "Age"]);
  deepStrictEqual(names(true), ["IP", "MAC", "Image", "Power", "Repaved", "CloudInit"]);
});

Deno.test("a Machine is defaulted and checked by deploy/crd.yaml", () => {
  const [kind] = kindsOfCrd(crd);
  const ref = { name: "a", namespace: "b" };
  const spec = { ssh: { host: "h", privateKeyRef: ref }, pxe: { dhcpLeases: [{ mac: "m" }] } };
  const machine: JsonObject = {
    apiVersion: "unbounded-cloud.io/v1alpha3",
    kind: "Machine",
    metadata: { name: "a" },
    spec,
  };
  applyDefaults(machine, kind!.schema);
  deepStrictEqual((machine.spec as JsonObject).ssh, {
    host: "h",
    username: "azureuser",
    privateKeyRef: { ...ref, key: "ssh-privatekey" },
  });
  const fields = validate(machine, kind!.schema).map(({ field, message }) => `${field}: ${message}`);
  deepStrictEqual(fields, [
    "spec.pxe.dhcpLeases[0].ipv4: Required value",
    "spec.pxe.dhcpLeases[0].subnetMask: Required value",
    "spec.pxe.dhcpLeases[0].gateway: Required value",
    "spec.pxe.image: Required value",
  ]);
});

/** A definition with one thing changed. */
function changed(...path: (string | number)[]): (value: Json | undefined) => JsonObject {
  return (value) => {
    const copy = structuredClone(crd);
    let at = copy as unknown as Record<string | number, Record<string | number, unknown>>;
    for (const step of path.slice(0, -1)) at = at[step] as typeof at;
    const last = path.at(-1)!;
    if (value === undefined) delete at[last];
    else (at as Record<string | number, unknown>)[last] = value;
    return copy;
  };
}
const version = ["spec", "versions", 0] as const;
const schema = [...version, "schema", "openAPIV3Schema"] as const;

const REFUSED: readonly (readonly [crd: JsonObject, text: RegExp])[] = [
  [{ kind: "Pod" }, /^this is not a CustomResourceDefinition of apiextensions\.k8s\.io\/v1$/],
  [changed("spec")(undefined), /^spec is not an object$/],
  [changed("spec", "names", "plural")(""), /^spec\.names\.plural is not a text$/],
  [changed("spec", "names", "shortNames")("m"), /^spec\.names\.shortNames is not a list$/],
  [changed("spec", "versions")([]), /^spec\.versions is empty$/],
  [changed(...version, "schema")(undefined), /^spec\.versions\[0\]\.schema is not an object$/],
  [changed(...schema, "type")(undefined), /openAPIV3Schema\.type is missing$/],
  [changed(...schema, "properties", "spec", "type")("text"), /properties\.spec\.type is "text", which is no type$/],
  [
    changed(...schema, "properties", "spec")({ $ref: "#/x" }),
    /properties\.spec has \$ref, which Kubernetes does not allow$/,
  ],
  [changed(...schema, "properties", "spec")({ type: "array" }), /properties\.spec\.items is missing$/],
  [
    changed(...schema, "properties", "spec")({ type: "string", pattern: "(" }),
    /properties\.spec\.pattern cannot be served: /,
  ],
  [
    changed(...version, "additionalPrinterColumns", 0, "jsonPath")(".a[?(@.b)]"),
    /^spec\.versions\[0\]\.additionalPrinterColumns\[0\]\.jsonPath is "\.a\[\?\(@\.b\)\]": only fields/,
  ],
];

Deno.test("kindsOfCrd() says why a definition cannot be served", () => {
  for (const [bad, message] of REFUSED) throws(() => kindsOfCrd(bad), { name: CrdError.name, message });
});

Deno.test("kindsOfCrd() leaves out versions that are not served, and shows the age where there are no columns", () => {
  deepStrictEqual(kindsOfCrd(changed(...version, "served")(false)), []);
  const [kind] = kindsOfCrd(changed(...version, "additionalPrinterColumns")(undefined));
  strictEqual(kind!.columns[0]!.name, "Age");
});
