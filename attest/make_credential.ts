/**
 * TPM2_MakeCredential (TPM 2.0 Part 1, 24; Part 3, 12.6): wraps a secret so that only the TPM with an endorsement key
 * can open it, and only while the key of the given name is loaded.
 *
 * ```text
 * encryptedSecret   size u16 | RSA: OAEP of the seed   ECC: x TPM2B | y TPM2B of an ephemeral key
 * credentialBlob    size u16 | HMAC TPM2B | AES-CFB of the secret as TPM2B
 * ```
 *
 * What takes long is asked of Web Crypto, which Deno does on threads of its own: the one that answers DHCP goes on.
 */
import { createHmac, createPublicKey, type KeyObject } from "node:crypto";
import { ByteWriter } from "../base/bytes.ts";
import { cfb, kdfA, kdfE } from "./kdf.ts";
import type { TpmKey, TpmPublic } from "./tpm_public.ts";

/** What goes to TPM2_ActivateCredential, each with its size in front. */
export interface Credential {
  /** TPM2B_ID_OBJECT. */
  readonly credentialBlob: Uint8Array;
  /** TPM2B_ENCRYPTED_SECRET. */
  readonly encryptedSecret: Uint8Array;
}

/** Cryptographically random bytes. */
export type RandomBytes = (size: number) => Uint8Array;

/** What the seed is for; OAEP's label has the zero byte too (Part 1, B.10.3). */
const LABEL = "IDENTITY";
const OAEP_LABEL = new TextEncoder().encode(`${LABEL}\0`);

/** The bytes with their size in front, as in every TPM2B. */
export function tpm2b(...parts: readonly Uint8Array[]): Uint8Array {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const writer = new ByteWriter(new Uint8Array(2 + size));
  writer.u16(size);
  for (const part of parts) writer.bytes(part);
  return writer.written();
}

/** The key for node:crypto. */
export function keyObject(key: TpmKey): KeyObject {
  const text = (bytes: Uint8Array) => bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  if (key.kind === "ecc") {
    const { curve: { jwk }, x, y } = key;
    return createPublicKey({ key: { kty: "EC", crv: jwk, x: text(x), y: text(y) }, format: "jwk" });
  }
  const exponent = Uint8Array.fromHex(key.exponent.toString(16).padStart(8, "0").replace(/^(00)+/, ""));
  return createPublicKey({ key: { kty: "RSA", n: text(key.modulus), e: text(exponent) }, format: "jwk" });
}

/** TPM2B_ID_OBJECT: the secret under keys that follow from the seed and the name (Part 1, 24.4 and 24.5). */
export function protectCredential(
  { nameAlg, aesBits }: Pick<TpmPublic, "nameAlg" | "aesBits">,
  { seed, name, secret }: { readonly seed: Uint8Array; readonly name: Uint8Array; readonly secret: Uint8Array },
): Uint8Array {
  const aesKey = kdfA(nameAlg, seed, { label: "STORAGE", context: name, bits: aesBits });
  const identity = cfb("encrypt", aesKey, tpm2b(secret));
  return tpm2b(tpm2b(integrity(nameAlg, seed, name, identity)), identity);
}

/** The HMAC that shows that credential and name belong together (Part 1, 24.5). */
export function integrity(
  nameAlg: TpmPublic["nameAlg"],
  seed: Uint8Array,
  name: Uint8Array,
  identity: Uint8Array,
): Uint8Array {
  const key = kdfA(nameAlg, seed, { label: "INTEGRITY", bits: nameAlg.size * 8 });
  return createHmac(nameAlg.name, key).update(identity).update(name).digest();
}

/** Wraps `secret`, of at most the size of the endorsement key's name digest. */
export async function makeCredential(
  ek: TpmPublic,
  { name, secret }: { readonly name: Uint8Array; readonly secret: Uint8Array },
  random: RandomBytes,
): Promise<Credential> {
  const { seed, encryptedSecret } = ek.key.kind === "rsa" ? await rsaSeed(ek, random) : await eccSeed(ek, ek.key);
  return { credentialBlob: protectCredential(ek, { seed, name, secret }), encryptedSecret };
}

interface Seed {
  readonly seed: Uint8Array;
  readonly encryptedSecret: Uint8Array;
}

const HASH_NAMES = { sha256: "SHA-256", sha384: "SHA-384", sha512: "SHA-512" } as const;

function spki(key: TpmKey): Uint8Array<ArrayBuffer> {
  return new Uint8Array(keyObject(key).export({ type: "spki", format: "der" }));
}

/** Part 1, B.10.3 and B.10.4. */
async function rsaSeed({ key, nameAlg }: TpmPublic, random: RandomBytes): Promise<Seed> {
  const seed = random(nameAlg.size);
  const algorithm = { name: "RSA-OAEP", hash: HASH_NAMES[nameAlg.name] };
  const imported = await crypto.subtle.importKey("spki", spki(key), algorithm, false, ["encrypt"]);
  const encrypted = await crypto.subtle.encrypt(
    { name: "RSA-OAEP", label: OAEP_LABEL },
    imported,
    new Uint8Array(seed),
  );
  return { seed, encryptedSecret: tpm2b(new Uint8Array(encrypted)) };
}

/** Part 1, C.6.1 and C.6.4: the seed follows from a Diffie-Hellman exchange with an ephemeral key. */
async function eccSeed({ nameAlg }: TpmPublic, key: TpmKey & { kind: "ecc" }): Promise<Seed> {
  const { jwk, size } = key.curve;
  const algorithm = { name: "ECDH", namedCurve: jwk };
  const [ephemeral, other] = await Promise.all([
    crypto.subtle.generateKey(algorithm, false, ["deriveBits"]) as Promise<CryptoKeyPair>,
    crypto.subtle.importKey("spki", spki(key), algorithm, false, []),
  ]);
  const [shared, point] = await Promise.all([
    crypto.subtle.deriveBits({ name: "ECDH", public: other }, ephemeral.privateKey, size * 8),
    crypto.subtle.exportKey("raw", ephemeral.publicKey),
  ]);
  const [x, y] = [new Uint8Array(point, 1, size), new Uint8Array(point, 1 + size)];
  const seed = kdfE(nameAlg, new Uint8Array(shared), { label: LABEL, partyU: x, partyV: key.x });
  return { seed, encryptedSecret: tpm2b(tpm2b(x), tpm2b(y)) };
}
