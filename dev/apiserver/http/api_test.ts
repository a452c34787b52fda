import { deepEqual, equal, match, throws } from "node:assert/strict";
import { isPretty, jsonAnswer } from "./answer.ts";
import { Discovery, KUBERNETES_VERSION, versionInfo } from "./discovery.ts";
import type { Kind } from "../kind.ts";
import type { JsonObject } from "../object.ts";
import { openApiV2 } from "../openapi/openapi_v2.ts";
import { mustBeGrantable, reviewed, tokenTerms } from "../auth/reviews.ts";
import { ISSUER } from "../auth/service_account_token.ts";
import { transformed, transformedEvent } from "./transformed.ts";

const ADMIN = { username: "admin", uid: "admin", groups: ["system:masters"] };

function machine(version: string): Kind {
  return {
    group: "unbounded-cloud.io",
    version,
    kind: "Machine",
    plural: "machines",
    singular: "machine",
    shortNames: ["mach"],
    categories: [],
    namespaced: false,
    status: true,
    builtIn: false,
    schema: {},
    columns: [],
  };
}

Deno.test("discovery names versions by priority: v2 before v1, v1 before v1beta2 before v1alpha3", () => {
  const versions = ["v1alpha3", "v1beta2", "v1", "v1beta10", "v2", "foo"];
  const discovery = new Discovery(versions.map(machine));
  const found = discovery.group("unbounded-cloud.io").versions as { version: string }[];
  deepEqual(found.map(({ version }) => version), ["v2", "v1", "v1beta10", "v1beta2", "v1alpha3", "foo"]);
});

Deno.test("discovery of a custom resource as kube-apiserver words it, plain and aggregated", () => {
  const discovery = new Discovery([machine("v1alpha3")]);
  const verbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
  const status = { name: "machines/status", singularName: "", namespaced: false, kind: "Machine" };
  deepEqual(discovery.resources("unbounded-cloud.io", "v1alpha3"), {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: "unbounded-cloud.io/v1alpha3",
    resources: [
      { name: "machines", singularName: "machine", namespaced: false, kind: "Machine", verbs, shortNames: ["mach"] },
      { ...status, verbs: ["get", "patch", "update"] },
    ],
  });
  const responseKind = { group: "unbounded-cloud.io", version: "v1alpha3", kind: "Machine" };
  const items = discovery.aggregated(false).items as JsonObject[];
  deepEqual(items.at(-1), {
    metadata: { name: "unbounded-cloud.io" },
    versions: [{
      version: "v1alpha3",
      resources: [{
        resource: "machines",
        responseKind,
        scope: "Cluster",
        singularResource: "machine",
        verbs,
        shortNames: ["mach"],
        subresources: [{ subresource: "status", responseKind, verbs: ["get", "patch", "update"] }],
      }],
      freshness: "Current",
    }],
  });
});

Deno.test("/version is one that tools can read", () => {
  match(KUBERNETES_VERSION, /^v1\.\d+\.\d+$/);
  equal(versionInfo().major, "1");
});

for (
  const { name, spec, metadata, message } of [
    {
      name: "a minute",
      spec: { expirationSeconds: 60 },
      message:
        'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes',
    },
    {
      name: "more than 2^32 s",
      spec: { expirationSeconds: 2 ** 32 + 1 },
      message: /may not specify a duration larger than 2\^32 seconds$/,
    },
    {
      name: "no number",
      spec: { expirationSeconds: "x" },
      message: /cannot unmarshal string into Go struct field TokenRequestSpec\.spec\.expirationSeconds of type int64$/,
    },
    {
      name: "audiences of numbers",
      spec: { audiences: [5] },
      message: /cannot unmarshal number into .*spec\.audiences of type string$/,
    },
    {
      name: "bound to something",
      spec: { boundObjectRef: { kind: "Foo" } },
      message: "cannot bind token to object of type /, Kind=Foo",
    },
    {
      name: "another name",
      metadata: { name: "foo" },
      message: /metadata\.name: Invalid value: "foo": must match the service account name if specified$/,
    },
  ] as { name: string; spec?: JsonObject; metadata?: JsonObject; message: string | RegExp }[]
) {
  Deno.test(`a TokenRequest is refused as kube-apiserver does: ${name}`, () => {
    const grant = () => mustBeGrantable(tokenTerms({ spec: spec ?? null, metadata: metadata ?? null }, "sa"));
    throws(grant, { name: "StatusError", message });
  });
}

Deno.test("a TokenRequest that asks for nothing gets an hour for the API server", () => {
  deepEqual(tokenTerms({}, "sa"), { seconds: 3600, audiences: [ISSUER], bound: undefined });
});

Deno.test("reviews: everything is allowed, and what asks nothing is refused as kube-apiserver does", () => {
  const object = (spec: JsonObject): JsonObject => ({ apiVersion: "authorization.k8s.io/v1", kind: "X", spec });
  const ask = (review: Parameters<typeof reviewed>[0], spec: JsonObject) => reviewed(review, object(spec), ADMIN, 0);
  deepEqual(ask("SelfSubjectAccessReview", { resourceAttributes: { verb: "get" } }).status, { allowed: true });
  deepEqual(ask("SelfSubjectReview", {}).status, { userInfo: ADMIN });
  equal((ask("SelfSubjectRulesReview", { namespace: "x" }).status as JsonObject).incomplete, false);
  throws(() => ask("SelfSubjectRulesReview", {}), { code: 400, message: "no namespace on request" });
  throws(() => ask("SelfSubjectAccessReview", {}), { code: 422, message: /exactly one of nonResourceAttributes or/ });
});

const FORM = { kind: machine("v1"), query: new URLSearchParams(), nowMs: 0 };
const OBJECT = { apiVersion: "unbounded-cloud.io/v1", kind: "Machine", metadata: { name: "m", resourceVersion: "7" } };

Deno.test("metadata alone, of an object and of a list; a Status stays what it is", () => {
  const partial = { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: OBJECT.metadata };
  deepEqual(transformed(OBJECT, { ...FORM, as: "PartialObjectMetadata" }), partial);
  const list = { kind: "MachineList", apiVersion: "x/v1", metadata: { resourceVersion: "9" }, items: [OBJECT] };
  const as = "PartialObjectMetadataList";
  deepEqual(transformed(list, { ...FORM, as }).items, [partial]);
  throws(() => transformed(list, { ...FORM, as: "PartialObjectMetadata" }), {
    code: 406,
    message: /requested object is a list/,
  });
  throws(() => transformed(OBJECT, { ...FORM, as }), { code: 406, message: /is not a list/ });
  const status = { kind: "Status", apiVersion: "v1", status: "Success" };
  equal(transformed(status, { ...FORM, as }), status);
});

Deno.test("a Table of a watch describes its columns once, and errors stay errors", () => {
  const form = { ...FORM, as: "Table" as const };
  const event = { type: "ADDED" as const, object: OBJECT };
  equal("columnDefinitions" in transformedEvent(event, form, true), true);
  equal((transformedEvent(event, form, false).columnDefinitions ?? null) === null, true);
  deepEqual(transformedEvent({ type: "BOOKMARK", object: OBJECT }, form, false).rows, []);
  const object = { kind: "Status", apiVersion: "v1", code: 410 };
  equal(transformedEvent({ type: "ERROR", object }, form, false), object);
  const query = new URLSearchParams("includeObject=Bad");
  throws(() => transformed(OBJECT, { ...form, query }), {
    code: 400,
    message: /^Unable to convert to Table as requested/,
  });
});

Deno.test("warnings are headers whatever they say", () => {
  const { headers } = jsonAnswer(200, {}, {}, ['a "b" \\c\n\u00e9\ud800']);
  const [, value] = headers.find(([name]) => name === "warning")!;
  equal(value, '299 - "a \\"b\\" \\\\c \u00c3\u00a9\u00ef\u00bf\u00bd"');
});

for (
  const [query, userAgent, pretty] of [
    ["", "kubectl/v1.35.0", false],
    ["", "curl/8.5.0", true],
    ["", "Mozilla/5.0", true],
    ["pretty=false", "curl/8.5.0", false],
    ["pretty=1", "metalman", true],
    ["pretty", "metalman", true],
  ] as const
) {
  Deno.test(`isPretty() for ?${query} of ${userAgent}: ${pretty}`, () => {
    equal(isPretty(new URLSearchParams(query), userAgent), pretty);
  });
}

Deno.test("OpenAPI v2 is empty, as protobuf where kubectl asks for that", () => {
  const accept = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
  const { body, headers } = openApiV2(accept);
  deepEqual((body as Uint8Array).subarray(0, 5), new Uint8Array([0x0a, 3, 0x32, 0x2e, 0x30]));
  match(headers[0]![1], /protobuf$/);
  deepEqual(JSON.parse(openApiV2(null).body as string).definitions, {});
});
