import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { openEnvelope, ProtobufError, readMessage } from "./protobuf.ts";
import { MESSAGES } from "./protobuf_kinds.ts";

/** A field: its number and its bytes, text or varint. */
function field(number: number, value: number | string | readonly number[]): number[] {
  if (typeof value === "number") return [number << 3, value];
  const bytes = typeof value === "string" ? [...new TextEncoder().encode(value)] : value;
  return [...(number < 16 ? [number << 3 | 2] : [(number << 3 | 2) & 0xff, 1]), bytes.length, ...bytes];
}

function sent(apiVersion: string, kind: string, raw: readonly number[]): Uint8Array {
  const type = [...field(1, apiVersion), ...field(2, kind)];
  return new Uint8Array([0x6b, 0x38, 0x73, 0, ...field(1, type), ...field(2, raw)]);
}

function received(bytes: Uint8Array) {
  const { apiVersion, kind, raw } = openEnvelope(bytes);
  return readMessage(raw, MESSAGES.get(`${apiVersion}, Kind=${kind}`)!);
}

/** What kubectl 1.32 sent for `kubectl auth whoami`. */
const WHOAMI = Uint8Array.fromHex(
  "6b3873000a2d0a1861757468656e7469636174696f6e2e6b38732e696f2f7631121153656c665375626a656374526576" +
    "696577121a0a100a0012001a0022002a0032003800420012060a040a0012001a002200",
);

Deno.test("protobuf: what kubectl auth whoami sends is an empty SelfSubjectReview", () => {
  deepEqual(openEnvelope(WHOAMI).kind, "SelfSubjectReview");
  deepEqual(received(WHOAMI), {});
});

const metadata = field(1, [
  ...field(1, "a"),
  ...field(2, ""),
  ...field(7, 0),
  ...field(8, []),
  ...field(11, [...field(1, "k"), ...field(2, "v")]),
]);
const METADATA = { name: "a", labels: { k: "v" } };

for (
  const { name, apiVersion = "v1", kind, raw, object } of [
    {
      name: "bytes as base64",
      kind: "Secret",
      raw: [...metadata, ...field(2, [...field(1, "x"), ...field(2, [0xff, 0])]), ...field(3, "Opaque")],
      object: { metadata: METADATA, data: { x: "/wA=" }, type: "Opaque" },
    },
    {
      name: "a pointer to 0",
      apiVersion: "apps/v1",
      kind: "Deployment",
      raw: [...metadata, ...field(2, field(1, 0))],
      object: { metadata: METADATA, spec: { replicas: 0 } },
    },
    {
      name: "lists, and numbers that may be text",
      kind: "Service",
      raw: field(2, [
        ...field(1, [...field(3, 80), ...field(4, [...field(1, 1), ...field(3, "http")])]),
        ...field(1, field(3, 81)),
      ]),
      object: { spec: { ports: [{ port: 80, targetPort: "http" }, { port: 81 }] } },
    },
    {
      name: "unknown fields that say nothing",
      kind: "ConfigMap",
      raw: [...metadata, ...field(15, [...field(1, ""), ...field(2, 0)])],
      object: { metadata: METADATA },
    },
    {
      name: "a time",
      kind: "ConfigMap",
      raw: field(1, [...field(1, "a"), ...field(8, field(1, 60))]),
      object: { metadata: { name: "a", creationTimestamp: "1970-01-01T00:01:00Z" } },
    },
  ]
) {
  Deno.test(`protobuf: ${name}`, () => deepEqual(received(sent(apiVersion, kind, raw)), object));
}

for (
  const { name, bytes, message } of [
    { name: "no prefix", bytes: new Uint8Array([1, 2, 3]), message: /expected prefix \[107 56 115 0\]$/ },
    {
      name: "a field that is not known",
      bytes: sent("v1", "ConfigMap", field(9, "x")),
      message: /^field 9 is not supported/,
    },
    { name: "an early end", bytes: sent("v1", "ConfigMap", [0x0a, 0x7f, 0]), message: /unexpected EOF/ },
    {
      name: "a number where text should be",
      bytes: sent("v1", "ConfigMap", field(1, field(1, 5))),
      message: /wrong wireType 0/,
    },
    { name: "no UTF-8", bytes: sent("v1", "ConfigMap", field(1, field(1, [0xff]))), message: /not UTF-8/ },
  ]
) {
  Deno.test(`protobuf refuses ${name}`, () => throws(() => received(bytes), { name: "ProtobufError", message }));
}

Deno.test("protobuf: any bytes are read or refused", () => {
  const kinds = fc.constantFrom(...MESSAGES.values());
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), kinds, (bytes, message) => {
      try {
        equal(typeof readMessage(bytes, message), "object");
      } catch (error) {
        if (!(error instanceof ProtobufError)) throw error;
      }
    }),
    { numRuns: 2000, seed: 4 },
  );
});
