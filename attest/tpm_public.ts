/**
 * Public areas of TPM 2.0 keys (TPM 2.0 Part 2, 12.2.4 and 12.2.5), as a machine sends those of its endorsement and
 * storage key:
 *
 * ```text
 * TPM2B_PUBLIC   size u16 | TPMT_PUBLIC
 * TPMT_PUBLIC    type u16 | nameAlg u16 | objectAttributes u32 | authPolicy TPM2B | parameters | unique
 * RSA            symmetric | scheme u16 | keyBits u16 | exponent u32 | modulus TPM2B
 * ECC            symmetric | scheme u16 | curveID u16 | kdf u16 | x TPM2B | y TPM2B
 * symmetric      algorithm u16 | keyBits u16 | mode u16
 * ```
 *
 * Only restricted decryption keys are read, and those have neither scheme nor key derivation function (Part 2, 12.2.3.5,
 * 12.2.3.6), so that nothing of variable size follows where one would be named.
 */
import { createHash } from "node:crypto";
import { ByteReader, BytesError, ByteWriter } from "../base/bytes.ts";
import { type Curve, CURVES, type HashAlgorithm, HASHES, isOnCurve } from "./algorithms.ts";

/** A public area that cannot be used; the message is a sentence for whoever sent it. */
export class TpmPublicError extends Error {
  /** The class, in logs. */
  override name = "TpmPublicError";
}

/** TPMA_OBJECT (Part 2, 8.3.2). */
export const ATTRIBUTE = {
  fixedTPM: 0x2,
  stClear: 0x4,
  fixedParent: 0x10,
  sensitiveDataOrigin: 0x20,
  userWithAuth: 0x40,
  adminWithPolicy: 0x80,
  noDA: 0x400,
  encryptedDuplication: 0x800,
  restricted: 0x10000,
  decrypt: 0x20000,
  sign: 0x40000,
} as const;

/** TPM_ALG_ID of what a public area names besides hashes. */
export const ALGORITHM = { rsa: 0x0001, aes: 0x0006, null: 0x0010, ecc: 0x0023, cfb: 0x0043 } as const;

/** The key itself. */
export type TpmKey =
  /** RSA: the modulus has exactly `bits`. */
  | { readonly kind: "rsa"; readonly bits: number; readonly exponent: number; readonly modulus: Uint8Array }
  /** A point of the curve, its coordinates of the curve's size. */
  | { readonly kind: "ecc"; readonly curve: Curve; readonly x: Uint8Array; readonly y: Uint8Array };

/** A public area that was checked: a key of a kind that is understood. */
export interface TpmPublic {
  /** Of the name. */
  readonly nameAlg: HashAlgorithm;
  /** Bits of {@link ATTRIBUTE}. */
  readonly attributes: number;
  /** Key size of AES-CFB, which protects what is encrypted to the key. */
  readonly aesBits: number;
  /** The key. */
  readonly key: TpmKey;
  /** nameAlg and its digest of the public area (TPM 2.0 Part 1, 16). */
  readonly name: Uint8Array;
}

/** More than the largest that is understood: RSA-4096 with a SHA-512 policy takes 612 bytes. */
export const MAX_PUBLIC = 1024;
const RSA_BITS: readonly number[] = [2048, 3072, 4096];
const AES_BITS: readonly number[] = [128, 192, 256];
const DEFAULT_EXPONENT = 65537;
const KNOWN = Object.values(ATTRIBUTE).reduce((all, bit) => all | bit, 0);

/**
 * Reads a TPM2B_PUBLIC.
 * @throws {TpmPublicError} when it is malformed, or of a kind that is not understood
 */
export function parseTpmPublic(bytes: Uint8Array): TpmPublic {
  try {
    if (bytes.length > MAX_PUBLIC) {
      throw new TpmPublicError(`has ${bytes.length} bytes, at most ${MAX_PUBLIC} are read`);
    }
    const whole = new ByteReader(bytes);
    const size = whole.u16();
    if (size !== whole.remaining) {
      throw new TpmPublicError(`says its size is ${size}, and ${whole.remaining} bytes follow`);
    }
    return readArea(whole.take(size));
  } catch (error) {
    if (error instanceof BytesError) throw new TpmPublicError("ends in the middle of a field");
    throw error;
  }
}

function readArea(area: Uint8Array): TpmPublic {
  const reader = new ByteReader(area);
  const type = reader.u16();
  const nameAlg = HASHES.get(reader.u16());
  if (nameAlg === undefined) {
    throw new TpmPublicError("has a name algorithm that is none of SHA-256, SHA-384 and SHA-512");
  }
  const attributes = reader.u32();
  if ((attributes & ~KNOWN) !== 0) throw new TpmPublicError("has attributes that no TPM sets");
  const { length } = sized(reader);
  if (length !== 0 && length !== nameAlg.size) {
    throw new TpmPublicError(`has an authorization policy of ${length} bytes`);
  }
  const aesBits = readSymmetric(reader);
  if (reader.u16() !== ALGORITHM.null) throw new TpmPublicError("has a scheme, which no storage key has");
  const key = type === ALGORITHM.rsa ? readRsa(reader) : type === ALGORITHM.ecc ? readEcc(reader) : undefined;
  if (key === undefined) throw new TpmPublicError("is neither an RSA nor an ECC key");
  if (reader.remaining > 0) throw new TpmPublicError(`goes on for ${reader.remaining} bytes after its key`);
  const name = new ByteWriter(new Uint8Array(2 + nameAlg.size));
  name.u16(nameAlg.id);
  name.bytes(createHash(nameAlg.name).update(area).digest());
  return { nameAlg, attributes, aesBits, key, name: name.written() };
}

/** A TPM2B: its size and its bytes. */
function sized(reader: ByteReader): Uint8Array {
  return reader.take(reader.u16());
}

/** TPMT_SYM_DEF_OBJECT (Part 2, 11.1.7). */
function readSymmetric(reader: ByteReader): number {
  if (reader.u16() !== ALGORITHM.aes) throw new TpmPublicError("does not name AES as its symmetric algorithm");
  const bits = reader.u16();
  if (!AES_BITS.includes(bits)) throw new TpmPublicError(`names AES with keys of ${bits} bits`);
  if (reader.u16() !== ALGORITHM.cfb) throw new TpmPublicError("names AES in another mode than CFB");
  return bits;
}

function readRsa(reader: ByteReader): TpmKey {
  const bits = reader.u16();
  if (!RSA_BITS.includes(bits)) throw new TpmPublicError(`is an RSA key of ${bits} bits, none of 2048, 3072 and 4096`);
  // Part 2, 12.2.3.5: zero stands for the default.
  const exponent = reader.u32() || DEFAULT_EXPONENT;
  if (exponent < DEFAULT_EXPONENT || exponent % 2 === 0) {
    throw new TpmPublicError(`has the RSA exponent ${exponent}, which no TPM makes`);
  }
  const modulus = sized(reader);
  if (modulus.length !== bits / 8 || modulus[0]! < 0x80) {
    throw new TpmPublicError(`is an RSA key of ${bits} bits with another modulus`);
  }
  if (modulus.at(-1)! % 2 === 0) throw new TpmPublicError("has an even RSA modulus");
  return { kind: "rsa", bits, exponent, modulus };
}

function readEcc(reader: ByteReader): TpmKey {
  const curve = CURVES.get(reader.u16());
  if (curve === undefined) throw new TpmPublicError("is on a curve that is neither P-256 nor P-384");
  if (reader.u16() !== ALGORITHM.null) {
    throw new TpmPublicError("has a key derivation function, which no storage key has");
  }
  const [x, y] = [coordinate(reader, curve), coordinate(reader, curve)];
  if (!isOnCurve(curve, x, y)) throw new TpmPublicError(`is a point that is not on ${curve.jwk}`);
  return { kind: "ecc", curve, x, y };
}

/** Older TPMs leave out zeros in front. */
function coordinate(reader: ByteReader, { size, jwk }: Curve): Uint8Array {
  const bytes = sized(reader);
  if (bytes.length > size) throw new TpmPublicError(`has a coordinate of ${bytes.length} bytes on ${jwk}`);
  const padded = new Uint8Array(size);
  padded.set(bytes, size - bytes.length);
  return padded;
}

const { fixedTPM, fixedParent, sensitiveDataOrigin, restricted, decrypt, sign } = ATTRIBUTE;
/** What storage keys that never leave their TPM have in common (TPM 2.0 Part 1, 23.3), endorsement keys among them. */
const STORAGE = { fixedTPM, fixedParent, sensitiveDataOrigin, restricted, decrypt };

/**
 * Whether a key is one that its TPM made, never lets go, and decrypts with only what has the TPM's own form: without
 * that a credential would be no proof.
 * @returns what speaks against it; undefined when nothing does
 */
export function storageKeyProblem({ attributes }: TpmPublic): string | undefined {
  const missing = Object.entries(STORAGE).filter(([, bit]) => (attributes & bit) === 0).map(([name]) => name);
  if (missing.length > 0) {
    return `lacks ${missing.length === 1 ? "the attribute" : "the attributes"} ${missing.join(", ")}`;
  }
  if ((attributes & sign) !== 0) return "has the attribute sign";
}
