import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { ekTemplate, makeKey, srkTemplate } from "../dev/tpm/software_tpm.ts";
import { ATTRIBUTE, parseTpmPublic, storageKeyProblem, TpmPublicError } from "./tpm_public.ts";

const RSA = makeKey(ekTemplate("rsa")).bytes;
const ECC = makeKey(ekTemplate("P-256")).bytes;
const ECC384 = makeKey(ekTemplate("P-384")).bytes;
const SRK = makeKey(srkTemplate()).bytes;
/** Offsets in templates with a policy of 32 bytes: size, type, nameAlg, attributes, policy. */
const AT = { type: 2, nameAlg: 4, attributes: 6, policySize: 10, cipher: 44, mode: 48, scheme: 50, bits: 52 } as const;
const EXPONENT = 54;
const KDF = 54;
const UNIQUE = { rsa: 58, ecc: 56 };

/** The bytes with others put in at an offset. */
function edited(bytes: Uint8Array, at: number, hex: string): Uint8Array {
  const copy = bytes.slice();
  copy.set(Uint8Array.fromHex(hex), at);
  return copy;
}

/** As long as it says, whatever was cut off or put behind. */
function resized(bytes: Uint8Array): Uint8Array {
  const size = bytes.length - 2;
  return edited(bytes, 0, size.toString(16).padStart(4, "0"));
}

Deno.test("parseTpmPublic() reads templates L-1 and L-2 (TCG EK Credential Profile, B.3)", () => {
  const rsa = parseTpmPublic(RSA);
  assert.equal(rsa.key.kind === "rsa" && rsa.key.exponent, 65537);
  assert.equal(rsa.aesBits, 128);
  assert.equal(rsa.attributes, 0x000300b2);
  assert.equal(RSA.length, 316);
  const name = createHash("sha256").update(RSA.subarray(2)).digest().toString("hex");
  assert.equal(rsa.name.toHex(), `000b${name}`);
  for (const bytes of [ECC, ECC384]) assert.equal(parseTpmPublic(bytes).key.kind, "ecc");
  assert.equal(parseTpmPublic(SRK).attributes, 0x00030472);
  assert.equal(storageKeyProblem(parseTpmPublic(SRK)), undefined);
});

const LONG = new Uint8Array(1100);
const REFUSED: readonly (readonly [name: string, bytes: Uint8Array, message: RegExp])[] = [
  ["nothing", new Uint8Array(0), /ends in the middle/],
  ["a size that is too small", edited(RSA, 0, "0139"), /says its size is 313, and 314/],
  ["a size that is too large", edited(RSA, 0, "013b"), /says its size is 315, and 314/],
  ["more than a key can have", LONG, /1100 bytes, at most 1024/],
  ["something behind the key", resized(new Uint8Array([...RSA, 0])), /goes on for 1 bytes/],
  ["another type", edited(RSA, AT.type, "0008"), /neither an RSA nor an ECC key/],
  ["SHA-1 for its name", edited(RSA, AT.nameAlg, "0004"), /name algorithm/],
  ["reserved attributes", edited(RSA, AT.attributes, "800300b2"), /attributes that no TPM sets/],
  ["a policy of another size", resized(edited(RSA, AT.policySize, "001f")), /policy of 31 bytes/],
  ["no cipher", edited(RSA, AT.cipher, "0010"), /AES/],
  ["AES-64", edited(RSA, AT.cipher, "00060040"), /keys of 64 bits/],
  ["AES-CBC", edited(RSA, AT.mode, "0042"), /another mode/],
  ["a scheme", edited(RSA, AT.scheme, "0014"), /scheme/],
  ["RSA-1024", edited(RSA, AT.bits, "0400"), /of 1024 bits/],
  ["RSA-8192", edited(RSA, AT.bits, "2000"), /of 8192 bits/],
  ["another size than its modulus", edited(RSA, AT.bits, "0c00"), /another modulus/],
  ["exponent 1", edited(RSA, EXPONENT, "00000001"), /exponent 1,/],
  ["exponent 3", edited(RSA, EXPONENT, "00000003"), /exponent 3,/],
  ["an even exponent", edited(RSA, EXPONENT, "00010002"), /exponent 65538/],
  ["an even modulus", edited(RSA, RSA.length - 1, "02"), /even RSA modulus/],
  ["a short modulus", edited(RSA, UNIQUE.rsa + 2, "00"), /another modulus/],
  ["another curve", edited(ECC, AT.bits, "0005"), /neither P-256 nor P-384/],
  ["a key derivation function", edited(ECC, KDF, "0020"), /key derivation/],
  [
    "a point off the curve",
    edited(ECC, ECC.length - 1, (ECC.at(-1)! ^ 1).toString(16).padStart(2, "0")),
    /not on P-256/,
  ],
  ["coordinates not below the field", edited(ECC, UNIQUE.ecc + 2, "ff".repeat(32)), /not on P-256/],
  ["a long coordinate", edited(ECC, UNIQUE.ecc, "0022"), /coordinate of 34 bytes/],
  [
    "the point (0, 0)",
    edited(edited(ECC, UNIQUE.ecc + 2, "00".repeat(32)), UNIQUE.ecc + 36, "00".repeat(32)),
    /not on/,
  ],
];

for (const [name, bytes, message] of REFUSED) {
  Deno.test(`parseTpmPublic() refuses ${name} (TPM 2.0 Part 2, 12.2)`, () => {
    assert.throws(
      () => parseTpmPublic(bytes),
      (error) => error instanceof TpmPublicError && message.test(error.message),
    );
  });
}

Deno.test("parseTpmPublic() takes exponent 0 for the default and a larger one as it is (Part 2, 12.2.3.5)", () => {
  const key = parseTpmPublic(edited(RSA, EXPONENT, "00010003")).key;
  assert.equal(key.kind === "rsa" && key.exponent, 65539);
});

Deno.test("parseTpmPublic() puts back zeros that older TPMs leave out", () => {
  const full = parseTpmPublic(ECC);
  // A coordinate with a zero in front is one in 256; the same point is written both ways instead.
  for (;;) {
    const { bytes } = makeKey(ekTemplate());
    const x = bytes.subarray(UNIQUE.ecc + 2, UNIQUE.ecc + 34);
    if (x[0] !== 0) continue;
    const short = resized(new Uint8Array([...bytes.subarray(0, UNIQUE.ecc), 0, 31, ...bytes.subarray(UNIQUE.ecc + 3)]));
    assert.deepEqual(parseTpmPublic(short).key, parseTpmPublic(bytes).key);
    break;
  }
  assert.equal(full.key.kind === "ecc" && full.key.x.length, 32);
});

Deno.test("parseTpmPublic() refuses every truncation, with and without a size that fits", () => {
  for (const bytes of [RSA, ECC, ECC384, SRK]) {
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => parseTpmPublic(bytes.subarray(0, length)), TpmPublicError);
      if (length >= 2) assert.throws(() => parseTpmPublic(resized(bytes.subarray(0, length))), TpmPublicError);
    }
  }
});

Deno.test("storageKeyProblem() names what a key lacks (TPM 2.0 Part 1, 23.3)", () => {
  const key = parseTpmPublic(RSA);
  for (const name of ["fixedTPM", "fixedParent", "sensitiveDataOrigin", "restricted", "decrypt"] as const) {
    const attributes = key.attributes & ~ATTRIBUTE[name];
    assert.equal(storageKeyProblem({ ...key, attributes }), `lacks the attribute ${name}`);
  }
  assert.match(storageKeyProblem({ ...key, attributes: 0 })!, /lacks the attributes fixedTPM, fixedParent, /);
  assert.match(storageKeyProblem({ ...key, attributes: key.attributes | ATTRIBUTE.sign })!, /sign/);
});
