import { deepEqual } from "node:assert/strict";
import fc from "fast-check";
import { negotiate, parseMediaType, type Representation } from "./media_type.ts";

const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";
const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

const cases: readonly { name: string; accept: string | null; discovery?: boolean; found?: Representation }[] = [
  { name: "no header", accept: null, found: { format: "json" } },
  { name: "an empty header", accept: "  ", found: { format: "json" } },
  { name: "anything", accept: "*/*", found: { format: "json" } },
  { name: "a browser", accept: "text/html, */*;q=0.8", found: { format: "json" } },
  { name: "YAML", accept: "application/yaml", found: { format: "yaml" } },
  { name: "what is liked best", accept: "application/json;q=0.5, application/yaml", found: { format: "yaml" } },
  { name: "what is not wanted", accept: "application/json;q=0, application/yaml;q=0.1", found: { format: "yaml" } },
  { name: "kubectl get", accept: `${TABLE},application/json`, found: { format: "json", as: "Table" } },
  { name: "an old Table only", accept: "application/json;as=Table;v=v1beta1;g=meta.k8s.io" },
  { name: "an unknown transformation", accept: "application/json;as=Foo;v=v1;g=meta.k8s.io" },
  { name: "protobuf only", accept: "application/vnd.kubernetes.protobuf" },
  {
    name: "protobuf or JSON",
    accept: "application/vnd.kubernetes.protobuf,application/json",
    found: { format: "json" },
  },
  { name: "a watch", accept: "application/json;stream=watch", found: { format: "json" } },
  {
    name: "quoted and in capitals",
    accept: 'Application/JSON; AS="Table"; V=v1; G=meta.k8s.io',
    found: { format: "json", as: "Table" },
  },
  {
    name: "metadata alone",
    accept: "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
    found: { format: "json", as: "PartialObjectMetadataList" },
  },
  {
    name: "aggregated discovery",
    accept: `${AGGREGATED},application/json`,
    discovery: true,
    found: { format: "json", as: "APIGroupDiscoveryList" },
  },
  { name: "aggregated discovery of objects", accept: AGGREGATED },
  {
    name: "discovery of an old version, or plain",
    accept: "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json",
    discovery: true,
    found: { format: "json" },
  },
  { name: "a Table of discovery", accept: TABLE, discovery: true },
];

for (const { name, accept, discovery = false, found } of cases) {
  Deno.test(`negotiate(), RFC 9110 section 12.5.1: ${name}`, () => deepEqual(negotiate(accept, { discovery }), found));
}

Deno.test("parseMediaType() takes any text", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      negotiate(text);
      return parseMediaType(text).type === parseMediaType(text).type.toLowerCase();
    }),
    { seed: 4 },
  );
});
