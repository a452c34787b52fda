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

for (const name of ["rsa-2048-sha256", "rsa-3072-sha384", "rsa-4096-sha512", "ecc-p256-sha256", "ecc-p384-sha384"]) {
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

  Deno.test(`makeCredential() is opened by the private half alone: ${name}`, async () => {
    const wrapped = { name: bytes("objectName"), secret: bytes("secret") };
    const credential = await makeCredential(ek, wrapped, random);
    assert.equal(credential.encryptedSecret.length, bytes("encryptedSecret").length);
    assert.deepEqual(new Uint8Array(activateCredential(endorsement, wrapped.name, credential)), wrapped.secret);
  });
}
