import assert from "node:assert/strict";
import {
  allowedKeys,
  isInstalling,
  pinnedKey,
  tokenTimes,
  withCameUp,
  withPinnedKey,
  withToken,
} from "./attestation.ts";
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
const UP = { attestation: { cameUpRepaveCounter: 1 } };
const CAME_UP: typeof CASES = [
  [
    "came up, whatever it reports now",
    machine({}, { ...UP, operations: { repaveCounter: 1 }, conditions: [condition("CloudInitDone", "False", 50)] }),
    false,
  ],
  [
    "came up, and says it is installed",
    machine({}, { ...UP, operations: { repaveCounter: 1 }, conditions: [condition("Repaved", "True", 50)] }),
    false,
  ],
  ["came up, and was installed again", machine({}, { ...UP, operations: { repaveCounter: 2 } }), true],
  [
    "came up, and is to be installed again",
    machine({ operations: { repaveCounter: 2 } }, { ...UP, operations: { repaveCounter: 1 } }),
    true,
  ],
];
for (const [name, object, installing] of [...CASES, ...CAME_UP]) {
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
  const token = { uid: "u", sha256Prefix: "abcd", issuedMs: 2000 };
  const time = "1970-01-01T00:00:02Z";
  const noted = { tokenIssuedAt: time, tokenSHA256Prefix: "abcd", tokenTimes: [time] };
  assert.deepEqual(withToken(object, token, 2000), {
    attestation: { attestedAt: "2026-01-01T00:00:00Z", ...noted },
  });
  assert.deepEqual(withToken(machine({}, undefined), token, 2000), {
    attestation: { attestedAt: "1970-01-01T00:00:02Z", ...noted },
  });
  assert.equal(withToken(object, { ...token, uid: "v" }, 2000), undefined);
});

Deno.test("withToken() of a token whose note comes late keeps later ones, and what is said of the latest", () => {
  const nowMs = Date.parse("2026-11-23T12:00:00Z");
  const [known, past, future] = ["2026-11-23T11:50:00Z", "2026-11-23T10:30:00Z", "2028-01-01T00:00:00Z"];
  const cases: [at: string, issuedAt: string, tokenIssuedAt: string, tokenTimes: string[]][] = [
    [known, "2026-11-23T11:30:00Z", known, ["2026-11-23T11:30:00Z", known]],
    [known, past, known, [known]],
    [known, "2026-11-23T11:55:00Z", "2026-11-23T11:55:00Z", [known, "2026-11-23T11:55:00Z"]],
    // What no clock of ours has written stays for no note.
    [future, known, known, [known]],
    [past, "2026-11-23T10:00:00Z", past, []],
  ];
  for (const [at, issuedAt, tokenIssuedAt, tokenTimes] of cases) {
    const attestation = { attestedAt: "T", tokenIssuedAt: at, tokenSHA256Prefix: "old", tokenTimes: [at] };
    const token = { uid: "u", sha256Prefix: "new", issuedMs: Date.parse(issuedAt) };
    assert.deepEqual(withToken(machine({}, { attestation }), token, nowMs)!.attestation, {
      attestedAt: "T",
      tokenIssuedAt,
      tokenSHA256Prefix: tokenIssuedAt === at ? "old" : "new",
      tokenTimes,
    });
  }
});

Deno.test("withCameUp() keeps which installation came up, once", () => {
  const object = machine({}, { operations: { repaveCounter: 3 }, attestation: { attestedAt: "T" } });
  const status = withCameUp(object)!;
  assert.deepEqual(status.attestation, { attestedAt: "T", cameUpRepaveCounter: 3 });
  assert.equal(withCameUp({ ...object, status }), undefined);
  assert.deepEqual(withCameUp(machine({}, undefined))?.attestation, { cameUpRepaveCounter: 0 });
});

Deno.test("tokenTimes() reads an hour, at most sixty of it are kept, and what is no time does not count", () => {
  const nowMs = Date.parse("2026-11-23T12:00:00Z");
  const of = (tokenTimes: unknown) => machine({}, { attestation: { tokenTimes } });
  const texts = ["2026-11-23T10:59:59Z", "2026-11-23T11:30:00Z", "never", 7, null, "2028-01-01T00:00:00Z"];
  assert.deepEqual(tokenTimes(of(texts), nowMs), [Date.parse("2026-11-23T11:30:00Z")]);
  for (const none of [undefined, null, "x", {}]) assert.deepEqual(tokenTimes(of(none), nowMs), []);
  let object = of([]);
  for (let i = 0; i < 70; i++) {
    object = { ...object, status: withToken(object, { uid: "u", sha256Prefix: "", issuedMs: nowMs + i }, nowMs + i)! };
  }
  assert.equal((object.status!.attestation as { tokenTimes: string[] }).tokenTimes.length, 60);
});
