import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { activateCredential, seedOf } from "../dev/tpm/activate_credential.ts";
import { makeCredential, protectCredential } from "./make_credential.ts";
import { parseTpmPublic } from "./tpm_public.ts";

/** As tests/peers/record_attest.ts writes it; all but the key in hex. */
type Figures = Record<
  "privateKey" | "ekPub" | "ekName" | "objectName" | "secret" | "credentialBlob" | "encryptedSecret",
  string
>;

const random = (size: number) => crypto.getRandomValues(new Uint8Array(size));

for (const name of ["rsa-2048-sha256", "rsa-3072-sha384", "ecc-p256-sha256", "ecc-p384-sha384"]) {
  const file = new URL(`../tests/golden/attest/${name}.json`, import.meta.url);
  const figures = JSON.parse(Deno.readTextFileSync(file)) as Figures;
  const bytes = (field: keyof Figures) => Uint8Array.fromHex(figures[field]);
  const ek = parseTpmPublic(bytes("ekPub"));
  const endorsement = { public: ek, privateKey: createPrivateKey(figures.privateKey) };

  Deno.test(`a key's name is as a TPM computes it (TPM 2.0 Part 1, 16): ${name}`, () => {
    assert.equal(ek.name.toHex(), figures.ekName);
  });

  Deno.test(`KDFa, KDFe, CFB and HMAC give the credential that a TPM made (TPM 2.0 Part 1, 24): ${name}`, () => {
    const seed = seedOf(endorsement, bytes("encryptedSecret"));
    assert.equal(seed.length, ek.nameAlg.size);
    const made = protectCredential(ek, { seed, name: bytes("objectName"), secret: bytes("secret") });
    assert.equal(made.toHex(), figures.credentialBlob);
  });

  Deno.test(`makeCredential() is opened by the private half alone: ${name}`, () => {
    const wrapped = { name: bytes("objectName"), secret: bytes("secret") };
    const credential = makeCredential(ek, wrapped, random);
    assert.equal(credential.encryptedSecret.length, bytes("encryptedSecret").length);
    assert.deepEqual(new Uint8Array(activateCredential(endorsement, wrapped.name, credential)), wrapped.secret);
  });
}

Deno.test("makeCredential() for ECC draws again when a number is no private key (FIPS 186-4, B.4.2)", () => {
  const file = new URL("../tests/golden/attest/ecc-p256-sha256.json", import.meta.url);
  const { ekPub } = JSON.parse(Deno.readTextFileSync(file)) as Figures;
  const draws = [new Uint8Array(32), new Uint8Array(32).fill(0xff), new Uint8Array(32).fill(7)];
  const ek = parseTpmPublic(Uint8Array.fromHex(ekPub));
  makeCredential(ek, { name: ek.name, secret: new Uint8Array(32) }, () => draws.shift()!);
  assert.equal(draws.length, 0);
});
