import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import * as der from "../dev/certificate/der.ts";
import { readCertificate } from "./certificate.ts";
import { isSignedBy, verificationKey } from "./signature.ts";

const NAME = der.sequence(der.set(der.sequence(der.oid("2.5.4.3"), der.utf8("root"))));

/** A certificate of a key, signed by another. */
function certificate(oid: string, hash: string, of: KeyObject, signer: KeyObject): Uint8Array {
  const algorithm = der.sequence(der.oid(oid));
  const signed = der.sequence(
    der.unsigned(new Uint8Array([7])),
    algorithm,
    NAME,
    der.sequence(der.time(0), der.time(1000)),
    NAME,
    new Uint8Array(of.export({ type: "spki", format: "der" })),
  );
  return der.sequence(signed, algorithm, der.bits(new Uint8Array(sign(hash, signed, signer))));
}

const ECDSA_SHA256 = "1.2.840.10045.4.3.2";
const newKeys = {
  rsa: generateKeyPairSync("rsa", { modulusLength: 2048 }),
  "P-256": generateKeyPairSync("ec", { namedCurve: "P-256" }),
  "P-384": generateKeyPairSync("ec", { namedCurve: "P-384" }),
  "P-521": generateKeyPairSync("ec", { namedCurve: "P-521" }),
};
const CASES: readonly (readonly [key: keyof typeof newKeys, hash: string, oid: string])[] = [
  ["rsa", "sha1", "1.2.840.113549.1.1.5"],
  ["rsa", "sha256", "1.2.840.113549.1.1.11"],
  ["rsa", "sha384", "1.2.840.113549.1.1.12"],
  ["rsa", "sha512", "1.2.840.113549.1.1.13"],
  ["P-256", "sha256", ECDSA_SHA256],
  ["P-384", "sha384", "1.2.840.10045.4.3.3"],
  ["P-384", "sha512", "1.2.840.10045.4.3.4"],
  ["P-521", "sha384", "1.2.840.10045.4.3.3"],
  ["P-521", "sha512", "1.2.840.10045.4.3.4"],
];
for (const [name, hash, oid] of CASES) {
  Deno.test(`isSignedBy() knows who signed with ${name} and ${hash} (RFC 4055, RFC 5758)`, () => {
    const { publicKey, privateKey } = newKeys[name];
    const read = readCertificate(certificate(oid, hash, publicKey, privateKey));
    const key = verificationKey(read)!;
    assert.equal(isSignedBy(read, key), true);
    const signed = read.signed.slice();
    signed[signed.length - 1]! ^= 1;
    assert.equal(isSignedBy({ ...read, signed }, key), false);
    for (const [otherName, other] of Object.entries(newKeys)) {
      if (otherName === name) continue;
      const wanted = otherName === "P-521" && oid === ECDSA_SHA256 ? undefined : false;
      assert.equal(isSignedBy(read, other.publicKey), wanted);
    }
    assert.equal(isSignedBy({ ...read, signature: new Uint8Array(3) }, key), false);
    assert.equal(isSignedBy({ ...read, algorithm: "1.2.840.113549.1.1.10" }, key), undefined);
  });
}

Deno.test("isSignedBy() says nothing of P-521 with SHA-256, which openssl makes and Deno refuses whoever signed", () => {
  const key = createPublicKey(`-----BEGIN PUBLIC KEY-----
MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQAeDp067h3y37Zba0F70165DyloUtv
Vty7ReVfNiMZD84MdinNaU/wBaaYO2FgNhrVNKZ3UAI5b2radSqFw97NiaUB4+Pk
HUoBg3GV3ZXHV5bz7Bag8xte1yV56gRdJ3pAo1ZOJldGqz7WrgsqOGqmXF7/kaNo
qHlyAkXHYopXaEIAnmk=
-----END PUBLIC KEY-----`);
  const signature = Uint8Array.fromBase64(
    "MIGHAkFBAeTDEjxFimL50FrP0hA+3uA/IE47VunkPpPbi+k6xffyxgKgeGApOYQdGVneZW1J0gpO1eAX36Mx3QsWCoboCAJCAPlcA4HLZ7YbTti06RqJ8pTY6Yt+3WeDTXPdAhOFGrLgXCNElJTnIck3FU5InlTf17BzHQofra5KrIvqSRhFxnEH",
  );
  const { publicKey, privateKey } = newKeys["P-256"];
  const read = readCertificate(certificate(ECDSA_SHA256, "sha256", publicKey, privateKey));
  const signed = new TextEncoder().encode("signed");
  assert.equal(isSignedBy({ ...read, signed, signature }, key), undefined);
});

Deno.test("verificationKey() is none for a key of a kind that is not known", () => {
  const { publicKey, privateKey } = newKeys["P-256"];
  const read = readCertificate(certificate(ECDSA_SHA256, "sha256", publicKey, privateKey));
  const ed25519 = new Uint8Array(generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "der" }));
  for (const spki of [der.sequence(der.sequence(der.oid("1.2.3")), der.bits(NAME)), ed25519]) {
    assert.equal(verificationKey({ ...read, spki }), undefined);
  }
});
