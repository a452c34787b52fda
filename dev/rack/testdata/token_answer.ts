/** A server's side of POST /attest that asks nobody who it is, and answers without waiting: time in these tests leaps. */
import { createECDH } from "node:crypto";
import { kdfE } from "../../../attest/kdf.ts";
import { protectCredential, tpm2b } from "../../../attest/make_credential.ts";
import { readAttestRequest } from "../../../attest/request.ts";
import { KEY_SIZE, NONCE_SIZE, seal } from "../../../attest/seal.ts";
import type { TpmPublic } from "../../../attest/tpm_public.ts";
import type { AttestAnswer } from "../../../pxe/http/routes.ts";

const random = (size: number) => crypto.getRandomValues(new Uint8Array(size));

/** The emulated machines' keys are elliptic (TPM 2.0 Part 1, C.6.1 and C.6.4). */
function seedFor({ key, nameAlg }: TpmPublic): { readonly seed: Uint8Array; readonly encryptedSecret: Uint8Array } {
  if (key.kind !== "ecc") throw new TypeError("an emulated machine has an elliptic endorsement key");
  const ephemeral = createECDH(key.curve.name);
  const point = ephemeral.generateKeys();
  const [x, y] = [point.subarray(1, 1 + key.curve.size), point.subarray(1 + key.curve.size)];
  const shared = ephemeral.computeSecret(new Uint8Array([4, ...key.x, ...key.y]));
  const seed = kdfE(nameAlg, shared, { label: "IDENTITY", partyU: x, partyV: key.x });
  return { seed, encryptedSecret: tpm2b(tpm2b(x), tpm2b(y)) };
}

/** A token for whatever TPM asks (contract 10). */
export function tokenAnswer(body: Uint8Array): AttestAnswer {
  const { ek, srk } = readAttestRequest(body);
  const [key, nonce] = [random(KEY_SIZE), random(NONCE_SIZE)];
  const { seed, encryptedSecret } = seedFor(ek);
  const credentialBlob = protectCredential(ek, { seed, name: srk.name, secret: key });
  const fields = { credentialBlob, encryptedSecret, encryptedToken: seal("a.token", key, nonce), gcmNonce: nonce };
  const texts = Object.entries(fields).map(([name, bytes]) => [name, bytes.toBase64()]);
  return { status: 200, text: JSON.stringify(Object.fromEntries(texts)) };
}
