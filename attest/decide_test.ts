import assert from "node:assert/strict";
import { createTpm, ekTemplate, makeKey } from "../dev/tpm/software_tpm.ts";
import type { MachineObject } from "../machine/types.ts";
import { type AttestPolicy, decideAttest, ekIdentity } from "./decide.ts";
import type { AttestRequest } from "./request.ts";
import { parseTpmPublic } from "./tpm_public.ts";

const NOW = Date.parse("2026-11-23T10:00:00Z");
const tpm = createTpm();
const request: AttestRequest = { ek: parseTpmPublic(tpm.ekPub), srk: parseTpmPublic(tpm.srkPub) };
const own = ekIdentity(request.ek.key);
const other = ekIdentity(parseTpmPublic(makeKey(ekTemplate("rsa")).bytes).key);
const OPEN: AttestPolicy = { authorities: [], requireEkCert: false, onlyInstalling: false };

function machine(pinned?: string, allowed?: unknown, more: MachineObject["status"] = {}): MachineObject {
  return {
    metadata: { name: "m" },
    spec: { attestation: { ekPublicKeySHA256: allowed } },
    status: { ...more, tpm: { ekPublicKey: pinned } },
  };
}

const rewrapped = own.pem.replace(/\n(?=.)/g, "\r\n");
const accepted = (firstUse: boolean) => ({ kind: "accepted", firstUse, ekPem: own.pem });
const CASES:
  readonly (readonly [name: string, object: MachineObject, policy: AttestPolicy, wanted: object | string])[] = [
    ["a key on first use", machine(), OPEN, accepted(true)],
    ["the known key", machine(own.pem), OPEN, accepted(false)],
    ["the known key with other line ends", machine(rewrapped), OPEN, accepted(false)],
    ["another key", machine(other.pem), OPEN, "AnotherKey"],
    ["any key where what is kept is none", machine("junk"), OPEN, "AnotherKey"],
    ["a key that is allowed", machine(undefined, [other.sha256, own.sha256]), OPEN, accepted(true)],
    ["a key that is allowed, in capitals", machine(undefined, [own.sha256.toUpperCase()]), OPEN, accepted(true)],
    ["a key that is not allowed", machine(undefined, [other.sha256]), OPEN, "KeyNotAllowed"],
    ["any key where none is allowed", machine(undefined, []), OPEN, "KeyNotAllowed"],
    ["the known key that is not allowed any more", machine(own.pem, [other.sha256]), OPEN, "KeyNotAllowed"],
    ["no certificate where one is required", machine(), { ...OPEN, requireEkCert: true }, "NoCertificate"],
    [
      "a Machine that runs",
      machine(own.pem, undefined, { phase: "Ready" }),
      { ...OPEN, onlyInstalling: true },
      "NotInstalling",
    ],
    ["a Machine that never ran", machine(own.pem), { ...OPEN, onlyInstalling: true }, accepted(false)],
  ];
for (const [name, object, policy, wanted] of CASES) {
  Deno.test(`decideAttest() ${typeof wanted === "string" ? "refuses" : "accepts"} ${name} (contract 10)`, () => {
    const decision = decideAttest(object, request, policy, NOW);
    if (typeof wanted !== "string") return assert.deepEqual(decision, wanted);
    assert.ok(decision.kind === "refused");
    assert.deepEqual([decision.status, decision.reason], [403, wanted]);
    assert.match(decision.message, /^[a-z][^\n]*[^.\n]$/);
  });
}

Deno.test("a certificate is passed over where no maker is trusted, and checked where one is", () => {
  const withJunk = { ...request, ekCert: new Uint8Array([1]) };
  assert.equal(decideAttest(machine(), withJunk, OPEN, NOW).kind, "accepted");
  const trusting = { ...OPEN, authorities: [{} as AttestPolicy["authorities"][number]] };
  const decision = decideAttest(machine(), withJunk, trusting, NOW);
  assert.equal(decision.kind === "refused" && decision.reason, "BadCertificate");
});
