/** A TPM of a machine of the rack: an endorsement key, a storage key, and what they are for. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
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

/** A new key, with its public area as TPM2B_PUBLIC; its name algorithm is SHA-256, its cipher AES-128. */
export function makeKey({ key, attributes, authPolicy }: TpmTemplate): TpmKeyPair {
  const pair = key === "rsa"
    ? generateKeyPairSync("rsa", { modulusLength: 2048 })
    : generateKeyPairSync("ec", { namedCurve: key });
  const jwk = pair.publicKey.export({ format: "jwk" });
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
  return { bytes: tpm2b(area.written()), privateKey: pair.privateKey };
}

/** A TPM. */
export class SoftwareTpm {
  readonly #endorsement: Endorsement;
  /** TPM2B_PUBLIC of its endorsement key. */
  readonly ekPub: Uint8Array;
  /** TPM2B_PUBLIC of its storage key. */
  readonly srkPub: Uint8Array;

  /** With new keys; elliptic ones are made in no time. */
  constructor(key: TpmTemplate["key"] = "P-256") {
    const ek = makeKey(ekTemplate(key));
    this.ekPub = ek.bytes;
    this.#endorsement = { public: parseTpmPublic(ek.bytes), privateKey: ek.privateKey };
    this.srkPub = makeKey(srkTemplate()).bytes;
  }

  /**
   * TPM2_ActivateCredential, with the storage key loaded.
   * @throws {IntegrityError} when the credential is not for this TPM
   */
  activate(credential: Credential): Uint8Array {
    return activateCredential(this.#endorsement, parseTpmPublic(this.srkPub).name, credential);
  }
}
