import assert from "node:assert/strict";
import { Normaliser, shortened } from "./normal_form.ts";

const UID = "0d9c1c2e-7f0a-4c1b-9a57-0123456789ab";

for (
  const [name, value, wanted] of [
    ["uids wherever they are", { message: `the UID (${UID})` }, { message: "the UID ($uid)" }],
    ["versions, not what is unset", { a: { resourceVersion: "7" }, resourceVersion: "0" }, {
      a: { resourceVersion: "$rv" },
      resourceVersion: "0",
    }],
    ["versions in messages", { message: "Too large resource version: 99, current: 5" }, {
      message: "Too large resource version: $rv, current: $rv",
    }],
    ["times that the server sets", { creationTimestamp: "2026-01-01T00:00:00Z", renewTime: "2026-01-01T00:00:00Z" }, {
      creationTimestamp: "$time",
      renewTime: "2026-01-01T00:00:00Z",
    }],
    ["ends of generated names", { generateName: "g-", name: "g-x7k2p" }, { generateName: "g-", name: "g-$random" }],
    ["the namespace of the case", { namespace: "contract-1", name: "contract-1-a" }, {
      namespace: "$ns",
      name: "$ns-a",
    }],
    ["ages in tables", { cells: ["a", "12s"] }, { cells: ["a", "$age"] }],
    ["managers", { name: "a", managedFields: [{}] }, { name: "a" }],
  ] as const
) {
  Deno.test(`Normaliser.of() hides ${name}`, () => {
    assert.deepEqual(new Normaliser(new Map([["ns", "contract-1"]])).of(value, false), wanted);
  });
}

const STATUS = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", code: 422, reason: "Invalid" };
const CAUSE = { reason: "FieldValueRequired", field: "spec.a", message: "Required value" };
const DETAILS = { name: "n", kind: "ConfigMap", causes: [CAUSE] };

Deno.test("shortened() leaves out what a message says twice, only where it is the same", () => {
  const message = 'ConfigMap "n" is invalid: spec.a: Required value';
  assert.deepEqual(shortened({ ...STATUS, message, details: DETAILS }, 422), {
    Invalid: 'ConfigMap "n"',
    causes: ["FieldValueRequired spec.a: Required value"],
  });
  const other = { message: "something else", details: DETAILS };
  assert.deepEqual(shortened({ ...STATUS, ...other }, 422), { Failure: { reason: "Invalid", ...other } });
});

Deno.test("shortened() keeps a Status whose code is not that of the answer", () => {
  const status = { ...STATUS, message: "m" };
  assert.deepEqual(shortened(status, 500), status);
});
