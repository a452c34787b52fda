/** TPM2_ActivateCredential (TPM 2.0 Part 3, 12.5), the TPM's side of attest/make_credential.ts. */
import { constants, createECDH, type KeyObject, privateDecrypt, timingSafeEqual } from "node:crypto";
import { cfb, kdfA, kdfE } from "../../attest/kdf.ts";
import { type Credential, integrity } from "../../attest/make_credential.ts";
import type { TpmPublic } from "../../attest/tpm_public.ts";
import { ByteReader } from "../../base/bytes.ts";

/** What a TPM answers to a credential that is not for it (TPM_RC_INTEGRITY). */
export class IntegrityError extends Error {
  /** The class, in logs. */
  override name = "IntegrityError";
}

/** An endorsement key with its private half. */
export interface Endorsement {
  /** Its public area. */
  readonly public: TpmPublic;
  /** The private half. */
  readonly privateKey: KeyObject;
}

/** The contents of a TPM2B that is all there is. */
function contents(bytes: Uint8Array): ByteReader {
  const reader = new ByteReader(bytes);
  return new ByteReader(reader.take(reader.u16()));
}

function sized(reader: ByteReader): Uint8Array {
  return reader.take(reader.u16());
}

/** The seed that an encrypted secret stands for (Part 1, B.10.4 and C.6.1). */
export function seedOf({ public: { key, nameAlg }, privateKey }: Endorsement, encryptedSecret: Uint8Array): Uint8Array {
  const secret = contents(encryptedSecret);
  if (key.kind === "rsa") {
    const oaepLabel = new TextEncoder().encode("IDENTITY\0");
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    return privateDecrypt(
      { key: privateKey, padding, oaepHash: nameAlg.name, oaepLabel },
      secret.take(secret.remaining),
    );
  }
  const [x, y] = [sized(secret), sized(secret)];
  const own = createECDH(key.curve.name);
  own.setPrivateKey(privateKey.export({ format: "jwk" }).d!, "base64url");
  const shared = own.computeSecret(new Uint8Array([4, ...x, ...y]));
  return kdfE(nameAlg, shared, { label: "IDENTITY", partyU: x, partyV: key.x });
}

/**
 * Opens a credential.
 * @param name of the key that is loaded
 * @throws {IntegrityError} when it is for another endorsement key or another name
 */
export function activateCredential(
  endorsement: Endorsement,
  name: Uint8Array,
  { credentialBlob, encryptedSecret }: Credential,
): Uint8Array {
  const { nameAlg, aesBits } = endorsement.public;
  const seed = seedOf(endorsement, encryptedSecret);
  const blob = contents(credentialBlob);
  const hmac = sized(blob);
  const identity = blob.take(blob.remaining);
  const wanted = integrity(nameAlg, seed, name, identity);
  if (hmac.length !== wanted.length || !timingSafeEqual(hmac, wanted)) {
    throw new IntegrityError("the credential is for another key");
  }
  const aesKey = kdfA(nameAlg, seed, { label: "STORAGE", context: name, bits: aesBits });
  return sized(new ByteReader(cfb("decrypt", aesKey, identity)));
}
