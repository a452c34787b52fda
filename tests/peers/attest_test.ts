import assert from "node:assert/strict";
import { decideAttest, ekIdentity } from "../../attest/decide.ts";
import { makeCredential } from "../../attest/make_credential.ts";
import { readAttestRequest } from "../../attest/request.ts";
import { parseTpmPublic } from "../../attest/tpm_public.ts";
import { readEkAuthorities } from "../../cmd/serve/ek_authorities.ts";
import { peerTest, run } from "./peer.ts";
import { attestBody, TestTpm, TPM_PROGRAMS } from "./tpm.ts";

const NEEDS = { programs: TPM_PROGRAMS };
const random = (size: number) => crypto.getRandomValues(new Uint8Array(size));
const encode = (text: string) => new TextEncoder().encode(text);

peerTest(
  "swtpm opens what makeCredential() wraps, for every kind of key that it makes (TPM 2.0 Part 1, 24)",
  NEEDS,
  async (t) => {
    await using tpm = await TestTpm.create();
    for (const [ek, srk] of [["rsa", "rsa"], ["rsa3072", "ecc"], ["ecc", "ecc"], ["ecc384", "rsa"]] as const) {
      await t.step(`${ek}, ${srk}`, async () => {
        const keys = await tpm.createKeys(ek, srk);
        const request = readAttestRequest(encode(attestBody(keys)));
        const secret = random(32);
        const { credentialBlob, encryptedSecret } = await makeCredential(
          request.ek,
          { name: request.srk.name, secret },
          random,
        );
        assert.deepEqual(await tpm.activate(keys, credentialBlob, encryptedSecret), secret);
        assert.equal(ekIdentity(request.ek.key).pem, await tpm.ekPem(keys));

        const other = await makeCredential(request.ek, { name: request.ek.name, secret }, random);
        await assert.rejects(tpm.activate(keys, other.credentialBlob, other.encryptedSecret), /integrity/);
      });
    }
  },
);

peerTest(
  "certificates of swtpm's maker are trusted with --ek-ca, and no other's (TCG EK Credential Profile)",
  NEEDS,
  async (t) => {
    await using tpm = await TestTpm.create();
    await using foreign = await TestTpm.create();
    const folder = await Deno.makeTempDir();
    await using _removed = { [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
    await Deno.writeTextFile(`${folder}/maker.pem`, await tpm.makerPem());
    const authorities = await readEkAuthorities(folder);
    assert.equal(authorities.length, 2);
    const policy = { authorities, requireEkCert: true, onlyInstalling: false };
    const machine = { metadata: { name: "m" } };
    const nowMs = Date.now();
    const decide = (body: string) => decideAttest(machine, readAttestRequest(encode(body)), policy, nowMs);
    const reason = (body: string) => {
      const decision = decide(body);
      return decision.kind === "refused" ? `${decision.reason}: ${decision.message}` : decision.kind;
    };
    for (const kind of ["rsa", "ecc"] as const) {
      await t.step(kind, async () => {
        const keys = await tpm.readKeys(kind);
        assert.equal(reason(attestBody(keys)), "accepted");
        const { ekPub, srkPub, ekCert } = keys;
        assert.match(reason(attestBody({ ekPub, srkPub })), /^NoCertificate/);
        const others = await foreign.readKeys(kind);
        assert.match(reason(attestBody({ ekPub, srkPub, ekCert: others.ekCert! })), /is for another key$/);
        assert.match(reason(attestBody(others)), /a signature that none of the authorities/);
        const flipped = ekCert!.slice();
        flipped[flipped.length - 1]! ^= 1;
        assert.match(
          reason(attestBody({ ekPub, srkPub, ekCert: flipped })),
          /a signature that none of the authorities/,
        );
      });
    }
  },
);

peerTest("the digest of spec.attestation.ekPublicKeySHA256 is what openssl says", {
  programs: [...TPM_PROGRAMS, "openssl"],
}, async () => {
  await using tpm = await TestTpm.create();
  const keys = await tpm.createKeys("rsa");
  const folder = await Deno.makeTempDir();
  await using _removed = { [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
  const file = `${folder}/ek.pem`;
  await Deno.writeTextFile(file, await tpm.ekPem(keys));
  await run("openssl", ["pkey", "-pubin", "-in", file, "-outform", "DER", "-out", `${file}.der`]);
  const digest = await run("openssl", ["dgst", "-sha256", "-r", `${file}.der`]);
  assert.equal(ekIdentity(parseTpmPublic(keys.ekPub).key).sha256, digest.slice(0, 64));
});
