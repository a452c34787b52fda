/** A TPM of a machine of the rack: an endorsement key, a storage key, and what they are for. */
import { createECDH, createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { CURVES } from "../../attest/algorithms.ts";
import { type Credential, tpm2b } from "../../attest/make_credential.ts";
import { ALGORITHM, ATTRIBUTE, parseTpmPublic } from "../../attest/tpm_public.ts";
import { ByteWriter } from "../../base/bytes.ts";
import { activateCredential, type Endorsement } from "./activate_credential.ts";

/** A key's public area and its private half. */
export interface TpmKeyPair {
  /** TPM2B_PUBLIC. */
  readonly bytes: Uint8Array;
  /** For node:crypto. */
  readonly privateKey: KeyObject;
}

/** How a key is made. */
export interface TpmTemplate {
  /** RSA-2048, or a curve. */
  readonly key: "rsa" | "P-256" | "P-384";
  /** Bits of {@link ATTRIBUTE}. */
  readonly attributes: number;
  /** Of the policy that guards its use. */
  readonly authPolicy: Uint8Array;
}

const { fixedTPM, fixedParent, sensitiveDataOrigin, restricted, decrypt } = ATTRIBUTE;
const STORAGE = fixedTPM | fixedParent | sensitiveDataOrigin | restricted | decrypt;
/** PolicySecret(TPM_RH_ENDORSEMENT) (TCG EK Credential Profile, B.3.3). */
const EK_POLICY = Uint8Array.fromHex("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa");

/** Template L-1 or L-2 (TCG EK Credential Profile, B.3). */
export function ekTemplate(key: TpmTemplate["key"] = "P-256"): TpmTemplate {
  return { key, attributes: STORAGE | ATTRIBUTE.adminWithPolicy, authPolicy: EK_POLICY };
}

/** The storage root key (TCG TPM v2.0 Provisioning Guidance, 7.5.1). */
export function srkTemplate(key: TpmTemplate["key"] = "P-256"): TpmTemplate {
  return { key, attributes: STORAGE | ATTRIBUTE.userWithAuth | ATTRIBUTE.noDA, authPolicy: new Uint8Array(0) };
}

/** The private key on P-256 that follows from a text: whoever knows the text has it. */
function keyFromSeed(seed: string): KeyObject {
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(createHash("sha256").update(seed).digest());
  const point = ecdh.getPublicKey();
  const text = (bytes: Uint8Array) => bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  const [x, y, d] = [point.subarray(1, 33), point.subarray(33), ecdh.getPrivateKey()].map(text);
  return createPrivateKey({ key: { kty: "EC", crv: "P-256", x: x!, y: y!, d: d! }, format: "jwk" });
}

function newKey(key: TpmTemplate["key"]): KeyObject {
  return key === "rsa"
    ? generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey
    : generateKeyPairSync("ec", { namedCurve: key }).privateKey;
}

/**
 * A key, with its public area as TPM2B_PUBLIC; its name algorithm is SHA-256, its cipher AES-128.
 * @param privateKey of the template's kind; a new one when there is none
 */
export function makeKey({ key, attributes, authPolicy }: TpmTemplate, privateKey: KeyObject = newKey(key)): TpmKeyPair {
  const jwk = privateKey.export({ format: "jwk" });
  const member = (text = "") => tpm2b(Uint8Array.fromBase64(text, { alphabet: "base64url" }));
  const area = new ByteWriter(new Uint8Array(512));
  area.u16(key === "rsa" ? ALGORITHM.rsa : ALGORITHM.ecc);
  area.u16(0x000b);
  area.u32(attributes);
  area.bytes(tpm2b(authPolicy));
  for (const value of [ALGORITHM.aes, 128, ALGORITHM.cfb, ALGORITHM.null]) area.u16(value);
  if (key === "rsa") {
    area.u16(2048);
    area.u32(0);
    area.bytes(member(jwk.n));
  } else {
    area.u16([...CURVES.values()].find(({ jwk }) => jwk === key)!.id);
    area.u16(ALGORITHM.null);
    area.bytes(member(jwk.x));
    area.bytes(member(jwk.y));
  }
  return { bytes: tpm2b(area.written()), privateKey };
}

/** A TPM. */
export class SoftwareTpm {
  readonly #endorsement: Endorsement;
  /** TPM2B_PUBLIC of its endorsement key. */
  readonly ekPub: Uint8Array;
  /** TPM2B_PUBLIC of its storage key. */
  readonly srkPub: Uint8Array;

  /** With these keys; see {@link createTpm} and {@link seededTpm}. */
  constructor(ek: TpmKeyPair, srk: TpmKeyPair) {
    this.ekPub = ek.bytes;
    this.#endorsement = { public: parseTpmPublic(ek.bytes), privateKey: ek.privateKey };
    this.srkPub = srk.bytes;
  }

  /**
   * TPM2_ActivateCredential, with the storage key loaded.
   * @throws {IntegrityError} when the credential is not for this TPM
   */
  activate(credential: Credential): Uint8Array {
    return activateCredential(this.#endorsement, parseTpmPublic(this.srkPub).name, credential);
  }
}

/** A TPM with new keys; elliptic ones are made in no time. */
export function createTpm(key: TpmTemplate["key"] = "P-256"): SoftwareTpm {
  return new SoftwareTpm(makeKey(ekTemplate(key)), makeKey(srkTemplate()));
}

/** The TPM of this name, always with the same keys: an emulated machine stays who it is when its emulator starts anew. */
export function seededTpm(name: string): SoftwareTpm {
  const [ek, srk] = ["endorsement", "storage"].map((use) => keyFromSeed(`emulated TPM ${name} ${use}`));
  return new SoftwareTpm(makeKey(ekTemplate(), ek!), makeKey(srkTemplate(), srk!));
}
