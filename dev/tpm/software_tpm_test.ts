import assert from "node:assert/strict";
import { makeCredential } from "../../attest/make_credential.ts";
import { parseTpmPublic, storageKeyProblem } from "../../attest/tpm_public.ts";
import { IntegrityError } from "./activate_credential.ts";
import { SoftwareTpm } from "./software_tpm.ts";

const random = (size: number) => crypto.getRandomValues(new Uint8Array(size));

for (const key of ["rsa", "P-256", "P-384"] as const) {
  Deno.test(`SoftwareTpm opens what is made for it, and nothing else (TPM 2.0 Part 1, 24): ${key}`, () => {
    const tpm = new SoftwareTpm(key);
    const [ek, srk] = [parseTpmPublic(tpm.ekPub), parseTpmPublic(tpm.srkPub)];
    assert.equal(storageKeyProblem(ek), undefined);
    assert.equal(storageKeyProblem(srk), undefined);
    const secret = random(32);
    const credential = makeCredential(ek, { name: srk.name, secret }, random);
    assert.deepEqual(new Uint8Array(tpm.activate(credential)), secret);

    const forAnother = makeCredential(ek, { name: ek.name, secret }, random);
    assert.throws(() => tpm.activate(forAnother), IntegrityError);
    const damaged = credential.credentialBlob.slice();
    damaged[damaged.length - 1]! ^= 1;
    assert.throws(() => tpm.activate({ ...credential, credentialBlob: damaged }), IntegrityError);
  });
}
