/** A CustomResourceDefinition that uses every keyword. */

const text = { type: "string" } as const;
const integer = { type: "integer" } as const;

/** Properties of spec; each field tries one keyword. */
const PROPERTIES = {
  str: text,
  int: integer,
  int32: { type: "integer", format: "int32" },
  int64: { type: "integer", format: "int64" },
  num: { type: "number" },
  double: { type: "number", format: "double" },
  bool: { type: "boolean" },
  obj: { type: "object", properties: { a: text, b: integer } },
  list: { type: "array", items: text },
  map: { type: "object", additionalProperties: integer },
  mapOfObjects: { type: "object", additionalProperties: { type: "object", properties: { a: text } } },
  nullable: { type: "string", nullable: true },
  enumStr: { type: "string", enum: ["Always", "Never", 'a"b'] },
  enumInt: { type: "integer", enum: [1, 2] },
  enumNull: { type: "string", nullable: true, enum: ["a", null] },
  pattern: { type: "string", pattern: "^[a-z]+(-[a-z0-9]+)*$" },
  unanchored: { type: "string", pattern: "b+" },
  minLength: { type: "string", minLength: 2 },
  maxLength: { type: "string", maxLength: 3 },
  both: { type: "string", minLength: 4, pattern: "^a" },
  range: { type: "integer", minimum: 1, maximum: 5 },
  open: { type: "number", minimum: 0.5, exclusiveMinimum: true, maximum: 1.5, exclusiveMaximum: true },
  openInt: { type: "integer", minimum: 1, exclusiveMinimum: true, maximum: 5, exclusiveMaximum: true },
  big: { type: "number", maximum: 2500000 },
  multiple: { type: "integer", multipleOf: 3 },
  multipleNum: { type: "number", multipleOf: 0.5 },
  items: { type: "array", minItems: 1, maxItems: 2, items: integer },
  props: { type: "object", minProperties: 1, maxProperties: 2, additionalProperties: text },
  required: { type: "object", required: ["a", "b"], properties: { a: text, b: text } },
  set: { type: "array", "x-kubernetes-list-type": "set", items: text },
  keyed: {
    type: "array",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["type"],
    items: { type: "object", required: ["type"], properties: { type: text, n: integer } },
  },
  keyed2: {
    type: "array",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["port", "protocol"],
    items: {
      type: "object",
      required: ["port"],
      properties: { port: integer, protocol: { type: "string", default: "TCP" } },
    },
  },
  intOrString: { "x-kubernetes-int-or-string": true },
  anyOf: {
    type: "object",
    properties: { a: text, b: integer },
    anyOf: [{ required: ["a"] }, { required: ["b"], properties: { b: { minimum: 3 } } }],
  },
  oneOf: { type: "object", properties: { a: text, b: text }, oneOf: [{ required: ["a"] }, { required: ["b"] }] },
  allOf: { type: "string", allOf: [{ pattern: "^a" }, { pattern: "z$" }] },
  not: { type: "string", not: { pattern: "^x" } },
  anyFormat: { type: "string", anyOf: [{ format: "ipv4" }, { format: "ipv6" }] },
  ...Object.fromEntries(
    [
      "date-time",
      "date",
      "byte",
      "ipv4",
      "ipv6",
      "cidr",
      "mac",
      "uuid",
      "uri",
      "email",
      "hostname",
      "duration",
      "password",
      "unheard-of",
    ]
      .map((format) => [`f-${format}`, { type: "string", format }]),
  ),
  free: {
    type: "object",
    "x-kubernetes-preserve-unknown-fields": true,
    properties: { known: { type: "object", properties: { a: text } } },
  },
  anything: { "x-kubernetes-preserve-unknown-fields": true },
  freeList: {
    type: "array",
    "x-kubernetes-preserve-unknown-fields": true,
    items: { type: "object", properties: { a: text } },
  },
  embedded: {
    type: "object",
    "x-kubernetes-embedded-resource": true,
    properties: { spec: { type: "object", properties: { a: text } } },
  },
  embeddedFree: {
    type: "object",
    "x-kubernetes-embedded-resource": true,
    "x-kubernetes-preserve-unknown-fields": true,
  },
  defaults: {
    type: "object",
    properties: {
      str: { type: "string", default: "x" },
      obj: {
        type: "object",
        default: { a: "given" },
        properties: { a: text, b: { type: "string", default: "inner" } },
      },
      bare: { type: "object", properties: { b: { type: "string", default: "only in what is there" } } },
      list: {
        type: "array",
        default: [{}, { n: 7 }],
        items: { type: "object", properties: { n: { type: "integer", default: 3 } } },
      },
      map: {
        type: "object",
        additionalProperties: { type: "object", properties: { n: { type: "integer", default: 3 } } },
      },
      nullable: { type: "string", nullable: true, default: "x" },
      items: { type: "array", items: { type: "string", default: "item" } },
    },
  },
} as const;

/** The definition itself. */
export const PROBE_CRD = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "probes.test.example.com" },
  spec: {
    group: "test.example.com",
    scope: "Cluster",
    names: { kind: "Probe", listKind: "ProbeList", plural: "probes", singular: "probe" },
    versions: [{
      name: "v1",
      served: true,
      storage: true,
      schema: { openAPIV3Schema: { type: "object", properties: { spec: { type: "object", properties: PROPERTIES } } } },
    }],
  },
};
