import assert from "node:assert/strict";
import { createTpm, ekTemplate, makeKey, srkTemplate } from "../dev/tpm/software_tpm.ts";
import { mutations, seeded } from "../tests/mutate.ts";
import { makeCredential } from "./make_credential.ts";
import { MAX_BODY } from "../machine/body_limits.ts";
import { type AttestRequest, AttestRequestError, readAttestRequest } from "./request.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const tpm = createTpm("rsa");
const [ekPub, srkPub] = [tpm.ekPub.toBase64(), tpm.srkPub.toBase64()];
const TEXT = JSON.stringify({ ekPub, srkPub, ekCert: null });

Deno.test("readAttestRequest() takes what the client that exists sends (contract 10)", () => {
  const { ek, srk, ekCert } = readAttestRequest(encode(TEXT));
  assert.equal(ek.key.kind, "rsa");
  assert.equal(srk.key.kind, "ecc");
  assert.equal(ekCert, undefined);
  assert.deepEqual(
    readAttestRequest(encode(JSON.stringify({ ekPub, srkPub, ekCert: "AQID" }))).ekCert,
    new Uint8Array([1, 2, 3]),
  );
});

const unrestricted = { ...srkTemplate(), attributes: 0x00020472 };
const signing = { ...ekTemplate(), attributes: 0x000700b2 };
const REFUSED: readonly (readonly [name: string, body: string, message: RegExp])[] = [
  ["nothing", "", /not JSON/],
  ["a form", "ekPub=AA&srkPub=AA", /not JSON/],
  ["a list", "[]", /not a JSON object/],
  ["null", "null", /not a JSON object/],
  ["deep nesting", "[".repeat(50_000), /not JSON/],
  ["no keys", "{}", /^ekPub is missing/],
  ["no storage key", JSON.stringify({ ekPub }), /^srkPub is missing/],
  ["an empty key", JSON.stringify({ ekPub: "", srkPub }), /^ekPub is missing/],
  ["a number", JSON.stringify({ ekPub: 1, srkPub }), /^ekPub is not a text/],
  ["another alphabet", JSON.stringify({ ekPub: "-_-_", srkPub }), /^ekPub is not base64/],
  ["a long key", JSON.stringify({ ekPub: "A".repeat(5000), srkPub }), /^ekPub is longer than 4096/],
  ["a long certificate", JSON.stringify({ ekPub, srkPub, ekCert: "A".repeat(40_000) }), /^ekCert is longer/],
  [
    "a storage key that may decrypt anything",
    withKey({ srkPub: makeKey(unrestricted).bytes }),
    /^srkPub lacks.*restricted/,
  ],
  ["a signing endorsement key", withKey({ ekPub: makeKey(signing).bytes }), /^ekPub has the attribute sign/],
  ["keys without their size", withKey({ ekPub: tpm.ekPub.subarray(2) }), /^ekPub says its size is 1/],
];

function withKey(keys: Record<string, Uint8Array>): string {
  const texts = Object.entries(keys).map(([name, bytes]) => [name, bytes.toBase64()]);
  return JSON.stringify({ ekPub, srkPub, ...Object.fromEntries(texts) });
}

for (const [name, body, message] of REFUSED) {
  Deno.test(`readAttestRequest() refuses ${name} (contract 10: 400)`, () => {
    assert.throws(() => readAttestRequest(encode(body)), (error) => {
      assert.ok(error instanceof AttestRequestError);
      assert.equal(error.status, 400);
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("readAttestRequest() refuses bytes that are not UTF-8, and too many of them with 413", () => {
  const status = (wanted: number) => (error: unknown) => error instanceof AttestRequestError && error.status === wanted;
  assert.throws(() => readAttestRequest(new Uint8Array([0x7b, 0xff, 0x7d])), status(400));
  assert.throws(() => readAttestRequest(new Uint8Array(MAX_BODY["/attest"] + 1)), status(413));
  assert.throws(() => readAttestRequest(undefined), status(413));
});

Deno.test("readAttestRequest() refuses every truncation of a request", () => {
  const body = encode(TEXT);
  for (let length = 0; length < body.length; length++) {
    assert.throws(() => readAttestRequest(body.subarray(0, length)), AttestRequestError);
  }
});

/** Undefined where it is refused as it should be. */
function read(body: Uint8Array): AttestRequest | undefined {
  try {
    return readAttestRequest(body);
  } catch (error) {
    if (error instanceof AttestRequestError) return undefined;
    throw error;
  }
}

Deno.test("readAttestRequest() survives 150,000 damaged texts", () => {
  const pieces = ["", "A", "=", '"', "\\", "{", "}", "[", ",", ":", "null", "1e999", "\u0000", "\ud800", " "];
  const texts = [TEXT, JSON.stringify({ ekPub: srkPub, srkPub, ekCert: "AAAA" })];
  for (const text of mutations({ texts, pieces, count: 150_000, seed: 7 })) read(encode(text));
});

Deno.test("of 100,000 damaged keys none makes a credential fail that was accepted", async () => {
  const keys = ["rsa", "P-256", "P-384"].map((key) => makeKey(ekTemplate(key as "rsa")).bytes);
  const next = seeded(11);
  const below = (limit: number) => Math.floor(next() * limit);
  const random = (size: number) => crypto.getRandomValues(new Uint8Array(size));
  let accepted = 0;
  for (let i = 0; i < 100_000; i++) {
    const bytes = keys[below(keys.length)]!.slice();
    // Most damage in the head: the modulus of an RSA key may be any odd number.
    for (let edits = 1 + below(3); edits > 0; edits--) bytes[below(next() < 0.9 ? 60 : bytes.length)] = below(256);
    const request = read(encode(withKey({ ekPub: bytes })));
    if (request === undefined) continue;
    accepted++;
    if (accepted <= 300) {
      await makeCredential(request.ek, { name: request.srk.name, secret: new Uint8Array(32) }, random);
    }
  }
  assert.ok(accepted > 100, `${accepted} of the damaged keys were accepted`);
});
