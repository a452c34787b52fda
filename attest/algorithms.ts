/** Algorithms of TPM 2.0 keys that are understood, by their TPM_ALG_ID and TPM_ECC_CURVE (TPM 2.0 Part 2, 6.3 and 6.4). */

/** A hash. */
export interface HashAlgorithm {
  /** TPM_ALG_ID. */
  readonly id: number;
  /** As node:crypto calls it. */
  readonly name: "sha256" | "sha384" | "sha512";
  /** Bytes of a digest. */
  readonly size: number;
}

/** Of keys' names; SHA-1 has no room for the key that a credential carries. */
export const HASHES: ReadonlyMap<number, HashAlgorithm> = new Map([
  [0x000b, { id: 0x000b, name: "sha256", size: 32 }],
  [0x000c, { id: 0x000c, name: "sha384", size: 48 }],
  [0x000d, { id: 0x000d, name: "sha512", size: 64 }],
]);

/** A curve y² = x³ - 3x + b over the integers modulo p (FIPS 186-4, D.1.2). */
export interface Curve {
  /** TPM_ECC_CURVE. */
  readonly id: number;
  /** As JWK calls it. */
  readonly jwk: "P-256" | "P-384";
  /** As node:crypto calls it. */
  readonly name: "prime256v1" | "secp384r1";
  /** Bytes of a coordinate. */
  readonly size: number;
  /** The field. */
  readonly p: bigint;
  /** The coefficient. */
  readonly b: bigint;
}

/** Curves of endorsement keys (TCG EK Credential Profile, templates L-2, H-2 and H-3). */
export const CURVES: ReadonlyMap<number, Curve> = new Map<number, Curve>([
  [0x0003, {
    id: 0x0003,
    jwk: "P-256",
    name: "prime256v1",
    size: 32,
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  }],
  [0x0004, {
    id: 0x0004,
    jwk: "P-384",
    name: "secp384r1",
    size: 48,
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  }],
]);

/** The number that bytes in big-endian order are. */
function toNumber(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${bytes.toHex()}`);
}

/** Whether a point is on a curve; the point at infinity has no coordinates. */
export function isOnCurve({ p, b }: Curve, x: Uint8Array, y: Uint8Array): boolean {
  const [xn, yn] = [toNumber(x), toNumber(y)];
  return xn < p && yn < p && (yn * yn - (xn * xn * xn - 3n * xn + b)) % p === 0n;
}
