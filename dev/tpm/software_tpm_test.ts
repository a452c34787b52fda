import assert from "node:assert/strict";
import { makeCredential } from "../../attest/make_credential.ts";
import { parseTpmPublic, storageKeyProblem } from "../../attest/tpm_public.ts";
import { IntegrityError } from "./activate_credential.ts";
import { createTpm, seededTpm } from "./software_tpm.ts";

const random = (size: number) => crypto.getRandomValues(new Uint8Array(size));

Deno.test("seededTpm() is the same TPM each time, and another for another name", async () => {
  const [a, again, b] = [seededTpm("a"), seededTpm("a"), seededTpm("b")];
  assert.deepEqual([a.ekPub, a.srkPub], [again.ekPub, again.srkPub]);
  assert.notDeepEqual(a.ekPub, b.ekPub);
  assert.notDeepEqual(a.ekPub, a.srkPub);
  const [ek, srk] = [parseTpmPublic(a.ekPub), parseTpmPublic(a.srkPub)];
  const secret = random(32);
  const opened = again.activate(await makeCredential(ek, { name: srk.name, secret }, random));
  assert.deepEqual(new Uint8Array(opened), secret);
});

for (const key of ["rsa", "P-256", "P-384"] as const) {
  Deno.test(`SoftwareTpm opens what is made for it, and nothing else (TPM 2.0 Part 1, 24): ${key}`, async () => {
    const tpm = createTpm(key);
    const [ek, srk] = [parseTpmPublic(tpm.ekPub), parseTpmPublic(tpm.srkPub)];
    assert.equal(storageKeyProblem(ek), undefined);
    assert.equal(storageKeyProblem(srk), undefined);
    const secret = random(32);
    const credential = await makeCredential(ek, { name: srk.name, secret }, random);
    assert.deepEqual(new Uint8Array(tpm.activate(credential)), secret);

    const forAnother = await makeCredential(ek, { name: ek.name, secret }, random);
    assert.throws(() => tpm.activate(forAnother), IntegrityError);
    const damaged = credential.credentialBlob.slice();
    damaged[damaged.length - 1]! ^= 1;
    assert.throws(() => tpm.activate({ ...credential, credentialBlob: damaged }), IntegrityError);
  });
}
