/** X.509 certificates (RFC 5280) as far as trust in an endorsement key needs: node:crypto has no extensions. */
import { contextTag, DerError, DerReader, oidText, readTime, TAG } from "./der_reader.ts";

/** An extension. */
export interface Extension {
  /** Whoever does not understand it must refuse the certificate. */
  readonly critical: boolean;
  /** DER of its value. */
  readonly value: Uint8Array;
}

/** The numbers of a public key. */
export type CertifiedKey =
  /** RSA, whatever it says it is for. */
  | { readonly kind: "rsa"; readonly modulus: Uint8Array; readonly exponent: Uint8Array }
  /** A point in uncompressed form, on the curve of this OID. */
  | { readonly kind: "ecc"; readonly curve: string; readonly point: Uint8Array }
  /** Another kind. */
  | { readonly kind: "other" };

/** A certificate's fields. */
export interface Certificate {
  /** 3 where it can have extensions. */
  readonly version: number;
  /** DER of the name. */
  readonly issuer: Uint8Array;
  /** DER of the name. */
  readonly subject: Uint8Array;
  /** First moment. */
  readonly notBeforeMs: number;
  /** Last moment. */
  readonly notAfterMs: number;
  /** Whose it is. */
  readonly key: CertifiedKey;
  /** The same in DER (SubjectPublicKeyInfo). */
  readonly spki: Uint8Array;
  /** By OID. */
  readonly extensions: ReadonlyMap<string, Extension>;
  /** DER of all this: what is signed. */
  readonly signed: Uint8Array;
  /** OID of how. */
  readonly algorithm: string;
  /** By the issuer. */
  readonly signature: Uint8Array;
}

const RSA_KEYS: readonly string[] = ["1.2.840.113549.1.1.1", "1.2.840.113549.1.1.7"];
const EC_KEY = "1.2.840.10045.2.1";

/**
 * Reads a certificate; its signature is not looked at.
 * @throws {DerError} when it is not one
 */
export function readCertificate(der: Uint8Array): Certificate {
  const whole = new DerReader(der);
  const certificate = whole.enter(TAG.sequence);
  if (!whole.done) throw new DerError("something follows it");
  const signed = certificate.takeWhole(TAG.sequence);
  const said = new DerReader(signed).enter(TAG.sequence);
  const version = said.tag === contextTag(0) ? said.enter(contextTag(0)).take(TAG.integer)[0]! + 1 : 1;
  said.take(TAG.integer);
  const named = said.takeWhole(TAG.sequence);
  // RFC 5280 section 4.1.1.2: what is said outside of the signature is what is said inside.
  if (certificate.takeWhole(TAG.sequence).toHex() !== named.toHex()) {
    throw new DerError("it names two signature algorithms");
  }
  const algorithm = oidText(new DerReader(named).enter(TAG.sequence).take(TAG.oid));
  const signature = certificate.take(TAG.bits).subarray(1);
  const issuer = said.takeWhole(TAG.sequence);
  const validity = said.enter(TAG.sequence);
  const [notBeforeMs, notAfterMs] = [readTime(validity), readTime(validity)];
  const subject = said.takeWhole(TAG.sequence);
  const spki = said.takeWhole(TAG.sequence);
  const key = readKey(new DerReader(spki).enter(TAG.sequence));
  const extensions = new Map<string, Extension>();
  while (!said.done) {
    if (said.tag === contextTag(3)) readExtensions(said.enter(contextTag(3)).enter(TAG.sequence), extensions);
    else said.skip();
  }
  const names = { issuer, subject, notBeforeMs, notAfterMs };
  return { version, ...names, key, spki, extensions, signed, algorithm, signature };
}

/** SubjectPublicKeyInfo. RSA keys of endorsement certificates may say that they are for OAEP alone. */
function readKey(info: DerReader): CertifiedKey {
  const algorithm = info.enter(TAG.sequence);
  const kind = oidText(algorithm.take(TAG.oid));
  const bits = info.take(TAG.bits);
  if (RSA_KEYS.includes(kind)) {
    const key = new DerReader(bits.subarray(1)).enter(TAG.sequence);
    return { kind: "rsa", modulus: unsigned(key), exponent: unsigned(key) };
  }
  if (kind === EC_KEY) return { kind: "ecc", curve: oidText(algorithm.take(TAG.oid)), point: bits.subarray(1) };
  return { kind: "other" };
}

function unsigned(reader: DerReader): Uint8Array {
  const bytes = reader.take(TAG.integer);
  return bytes[0] === 0 ? bytes.subarray(1) : bytes;
}

function readExtensions(list: DerReader, into: Map<string, Extension>): void {
  while (!list.done) {
    const extension = list.enter(TAG.sequence);
    const id = oidText(extension.take(TAG.oid));
    const critical = (extension.takeIf(TAG.boolean)?.[0] ?? 0) !== 0;
    // RFC 5280 section 4.2: not twice; which of the two counts could be read differently.
    if (into.has(id)) throw new DerError(`it has the extension ${id} twice`);
    into.set(id, { critical, value: extension.take(TAG.octets) });
  }
}

/** The values in the DER of a name, in quotes: what an operator knows it by. */
export function nameText(name: Uint8Array): string {
  const values: string[] = [];
  const sets = new DerReader(name).enter(TAG.sequence);
  while (!sets.done) {
    const attribute = sets.enter(TAG.set).enter(TAG.sequence);
    attribute.skip();
    values.push(new TextDecoder().decode(attribute.take(attribute.tag ?? 0)));
  }
  return JSON.stringify(values.join(", "));
}
