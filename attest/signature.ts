/**
 * Signatures of certificates (RFC 5280 section 4.1.1.3; RFC 4055, RFC 5758). X509Certificate of Deno checks none on P-521,
 * which roots of a large maker of TPMs are on.
 */
import { Buffer } from "node:buffer";
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import type { Certificate } from "./certificate.ts";

/** Kind of key and hash by OID. SHA-1 is what the oldest authorities' certificates are signed with. */
const ALGORITHMS: ReadonlyMap<string, { readonly key: "rsa" | "ec"; readonly hash: string }> = new Map([
  ["1.2.840.113549.1.1.5", { key: "rsa", hash: "sha1" }],
  ["1.2.840.113549.1.1.11", { key: "rsa", hash: "sha256" }],
  ["1.2.840.113549.1.1.12", { key: "rsa", hash: "sha384" }],
  ["1.2.840.113549.1.1.13", { key: "rsa", hash: "sha512" }],
  ["1.2.840.10045.4.3.2", { key: "ec", hash: "sha256" }],
  ["1.2.840.10045.4.3.3", { key: "ec", hash: "sha384" }],
  ["1.2.840.10045.4.3.4", { key: "ec", hash: "sha512" }],
]);

/** The key of a certificate, to check signatures with; undefined for one of a kind that is not known. */
export function verificationKey({ spki }: Certificate): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
    return key.asymmetricKeyType === "rsa" || key.asymmetricKeyType === "ec" ? key : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether a key has signed a certificate.
 * @returns undefined where it cannot be said, as the algorithm is of a kind that is not known
 */
export function isSignedBy(
  { signed, algorithm, signature }: Certificate,
  key: KeyObject,
): boolean | undefined {
  const known = ALGORITHMS.get(algorithm);
  if (known === undefined) return undefined;
  if (key.asymmetricKeyType !== known.key) return false;
  // Deno makes and takes no signature on P-521 with a hash as short.
  if (known.hash === "sha256" && key.asymmetricKeyDetails?.namedCurve === "secp521r1") return undefined;
  try {
    return verify(known.hash, signed, key, signature);
  } catch {
    // Not even of a signature's form.
    return false;
  }
}
