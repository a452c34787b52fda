/** A server's side of POST /attest that asks nobody who it is. */
import { makeCredential } from "../../../attest/make_credential.ts";
import { readAttestRequest } from "../../../attest/request.ts";
import { KEY_SIZE, NONCE_SIZE, seal } from "../../../attest/seal.ts";
import type { AttestAnswer } from "../../../pxe/http/routes.ts";

const random = (size: number) => crypto.getRandomValues(new Uint8Array(size));

/** A token for whatever TPM asks (contract 10). */
export function tokenAnswer(body: Uint8Array): AttestAnswer {
  const { ek, srk } = readAttestRequest(body);
  const [key, nonce] = [random(KEY_SIZE), random(NONCE_SIZE)];
  const { credentialBlob, encryptedSecret } = makeCredential(ek, { name: srk.name, secret: key }, random);
  const fields = { credentialBlob, encryptedSecret, encryptedToken: seal("a.token", key, nonce), gcmNonce: nonce };
  const texts = Object.entries(fields).map(([name, bytes]) => [name, bytes.toBase64()]);
  return { status: 200, text: JSON.stringify(Object.fromEntries(texts)) };
}
