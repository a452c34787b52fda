import assert from "node:assert/strict";
import { allowedKeys, isInstalling, pinnedKey, withPinnedKey, withToken } from "./attestation.ts";
import type { MachineObject } from "./types.ts";

const condition = (type: string, status: "True" | "False", minute: number) => ({
  type,
  status,
  reason: "R",
  message: "",
  lastTransitionTime: `2026-11-23T10:${minute}:00Z`,
});
const machine = (spec: Record<string, unknown>, status: MachineObject["status"]): MachineObject => ({
  metadata: { name: "m", uid: "u" },
  spec,
  ...(status === undefined ? {} : { status }),
});

const CASES: readonly (readonly [name: string, object: MachineObject, installing: boolean])[] = [
  ["was never seen", machine({}, undefined), true],
  [
    "is to be installed again",
    machine({ operations: { repaveCounter: 2 } }, {
      operations: { repaveCounter: 1 },
      conditions: [condition("CloudInitDone", "True", 10)],
    }),
    true,
  ],
  [
    "has come up",
    machine({ operations: { repaveCounter: 1 } }, {
      operations: { repaveCounter: 1 },
      conditions: [condition("Repaved", "True", 10), condition("CloudInitDone", "True", 20)],
    }),
    false,
  ],
  [
    "was installed again and starts for the first time",
    machine({}, {
      conditions: [condition("Repaved", "True", 30), condition("CloudInitDone", "True", 20)],
    }),
    true,
  ],
  ["runs cloud-init", machine({}, { conditions: [condition("CloudInitDone", "False", 20)] }), true],
  ["is Ready by another's word, without cloud-init", machine({}, { phase: "Ready" }), false],
  [
    "is Ready from before, and runs cloud-init",
    machine({}, {
      phase: "Ready",
      conditions: [condition("CloudInitDone", "False", 20)],
    }),
    true,
  ],
];
for (const [name, object, installing] of CASES) {
  Deno.test(`isInstalling() of a Machine that ${name}: ${installing}`, () => {
    assert.equal(isInstalling(object), installing);
  });
}

Deno.test("allowedKeys() reads digests in any spelling, and what it cannot read allows no key", () => {
  const of = (value: unknown) => allowedKeys(machine({ attestation: { ekPublicKeySHA256: value } }, undefined));
  assert.equal(allowedKeys(machine({}, undefined)), undefined);
  assert.equal(of(undefined), undefined);
  assert.deepEqual(of(["AB:cd"]), ["abcd"]);
  assert.deepEqual(of("abcd"), ["abcd"]);
  assert.deepEqual(of([]), []);
  assert.deepEqual(of({}), ["[object object]"]);
});

Deno.test("withPinnedKey() keeps the first key, and none of another Machine of the name (contract 10)", () => {
  const object = machine({}, { phase: "Pending", tpm: { other: 1 } });
  const key = { uid: "u", pem: "PEM", nowMs: 1000 };
  const status = withPinnedKey(object, key)!;
  assert.deepEqual(status, {
    phase: "Pending",
    tpm: { other: 1, ekPublicKey: "PEM" },
    attestation: { attestedAt: "1970-01-01T00:00:01Z" },
  });
  assert.equal(pinnedKey({ ...object, status }), "PEM");
  assert.equal(withPinnedKey({ ...object, status }, { ...key, pem: "OTHER" }), undefined);
  assert.equal(withPinnedKey(object, { ...key, uid: "v" }), undefined);
});

Deno.test("withToken() notes time and digest, and keeps when the key was seen first", () => {
  const object = machine({}, { attestation: { attestedAt: "2026-01-01T00:00:00Z" } });
  const token = { uid: "u", sha256Prefix: "abcd", nowMs: 2000 };
  const noted = { tokenIssuedAt: "1970-01-01T00:00:02Z", tokenSHA256Prefix: "abcd" };
  assert.deepEqual(withToken(object, token), {
    attestation: { attestedAt: "2026-01-01T00:00:00Z", ...noted },
  });
  assert.deepEqual(withToken(machine({}, undefined), token), {
    attestation: { attestedAt: "1970-01-01T00:00:02Z", ...noted },
  });
  assert.equal(withToken(object, { ...token, uid: "v" }), undefined);
});
