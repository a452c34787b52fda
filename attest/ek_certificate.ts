/**
 * Whether a certificate makes an endorsement key that of a TPM by a maker who is trusted (TCG EK Credential Profile for
 * TPM 2.0, section 3; RFC 5280 section 6).
 */
import type { KeyObject } from "node:crypto";
import { type Certificate, nameText, readCertificate } from "./certificate.ts";
import { contextTag, DerError, DerReader, oidText, TAG } from "./der_reader.ts";
import { isSignedBy, verificationKey } from "./signature.ts";
import type { TpmKey } from "./tpm_public.ts";

/** A certificate that signs others. */
export interface Authority {
  /** Its fields. */
  readonly fields: Certificate;
  /** For signatures. */
  readonly key: KeyObject;
  /** Whether it has signed itself: where a chain ends. */
  readonly isRoot: boolean;
}

const EXTENSION = {
  directoryAttributes: "2.5.29.9",
  keyUsage: "2.5.29.15",
  alternativeName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  policies: "2.5.29.32",
  extendedKeyUsage: "2.5.29.37",
} as const;
const UNDERSTOOD: readonly string[] = Object.values(EXTENSION);
/** tcg-kp-EKCertificate. */
const EK_PURPOSE = "2.23.133.8.1";
/** Attributes of the alternative name. */
const TPM_ATTRIBUTES = new Map([
  ["2.23.133.2.1", "manufacturer"],
  ["2.23.133.2.2", "model"],
  ["2.23.133.2.3", "version"],
]);
const TPM_SPECIFICATION = "2.23.133.2.16";
const CURVE_OID = { "P-256": "1.2.840.10045.3.1.7", "P-384": "1.3.132.0.34" } as const;
/** Bits of key usage (RFC 5280 section 4.2.1.3). */
const USAGE = { keyEncipherment: 2, keyAgreement: 4, keyCertSign: 5 } as const;
/** Makers use two or three. */
const MAX_CHAIN = 8;

/**
 * Reads a certificate of a TPM maker.
 * @throws {DerError} when it is not one, may not sign others, or has a key that no signature can be checked with
 */
export function readAuthority(der: Uint8Array): Authority {
  const fields = readCertificate(der);
  if (basicConstraints(fields)?.ca !== true) throw new DerError("it is not a certificate authority's");
  const key = verificationKey(fields);
  if (key === undefined) {
    throw new DerError(`the key of ${nameText(fields.subject)} is of a kind that is not known here`);
  }
  return { fields, key, isRoot: same(fields.subject, fields.issuer) && isSignedBy(fields, key) === true };
}

/**
 * Checks the certificate of an endorsement key.
 * @param stored as the TPM keeps it: some fill up the room behind a certificate, ST33 up to 1,600 bytes
 * @returns what speaks against it, to follow "the certificate"; undefined when nothing does
 */
export function ekCertificateProblem(
  stored: Uint8Array,
  key: TpmKey,
  { authorities, nowMs }: { readonly authorities: readonly Authority[]; readonly nowMs: number },
): string | undefined {
  try {
    const der = new DerReader(stored).takeWhole(TAG.sequence);
    const leaf = readCertificate(der);
    return profileProblem(leaf, key) ?? dateProblem(leaf, nowMs) ??
      chainProblem(leaf, authorities, nowMs, 0);
  } catch (error) {
    if (error instanceof DerError) return `cannot be read: ${error.message}`;
    return "cannot be read";
  }
}

/** What the profile says about the certificate itself. */
function profileProblem(leaf: Certificate, key: TpmKey): string | undefined {
  if (!isFor(leaf, key)) return "is for another key";
  if (leaf.version !== 3) return "is not of version 3";
  if (basicConstraints(leaf)?.ca === true) return "is an authority's";
  const usage = key.kind === "rsa" ? "keyEncipherment" : "keyAgreement";
  if (!hasUsage(leaf, USAGE[usage], false)) return `does not have the key usage ${usage}`;
  const purposes = extendedKeyUsage(leaf);
  if (purposes !== undefined && !purposes.includes(EK_PURPOSE)) return "is not for endorsement keys";
  const present = alternativeNameAttributes(leaf);
  const missing = [...TPM_ATTRIBUTES].filter(([id]) => !present.has(id)).map(([, name]) => name);
  if (missing.length > 0) return `does not name the TPM's ${missing.join(", ")}`;
  const family = specificationFamily(leaf);
  if (family !== undefined && family !== "2.0") return "is of a TPM that is not 2.0";
  return criticalProblem(leaf);
}

function isFor({ key: certified }: Certificate, key: TpmKey): boolean {
  if (certified.kind === "rsa" && key.kind === "rsa") {
    return same(certified.modulus, key.modulus) && Number(`0x${certified.exponent.toHex()}`) === key.exponent;
  }
  if (certified.kind !== "ecc" || key.kind !== "ecc") return false;
  return certified.curve === CURVE_OID[key.curve.jwk] &&
    same(certified.point, new Uint8Array([4, ...key.x, ...key.y]));
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function dateProblem({ notBeforeMs, notAfterMs }: Certificate, nowMs: number): string | undefined {
  if (nowMs < notBeforeMs) return `is not valid before ${new Date(notBeforeMs).toISOString()}`;
  if (nowMs > notAfterMs) return `has expired at ${new Date(notAfterMs).toISOString()}`;
}

function criticalProblem({ extensions }: Certificate): string | undefined {
  for (const [id, { critical }] of extensions) {
    if (critical && !UNDERSTOOD.includes(id)) return `has the critical extension ${id}, which is not understood`;
  }
}

/** Whether a way leads over the authorities to one that signs itself; `depth` counts those below `current`. */
function chainProblem(
  current: Certificate,
  authorities: readonly Authority[],
  nowMs: number,
  depth: number,
): string | undefined {
  if (depth > MAX_CHAIN) return "has too long a chain";
  const above = authorities.filter(({ fields }) => same(fields.subject, current.issuer));
  let problem = "is of an issuer that is not among the authorities of --ek-ca";
  for (const issuer of above) {
    const signed = isSignedBy(current, issuer.key);
    if (signed === undefined) problem = `has a signature of a kind that is not known here, ${current.algorithm}`;
    else if (!signed) problem = "has a signature that none of the authorities of --ek-ca made";
    else {
      const found = issuerProblem(issuer.fields, nowMs, depth) ??
        (issuer.isRoot ? undefined : chainProblem(issuer.fields, authorities, nowMs, depth + 1));
      if (found === undefined) return undefined;
      problem = found;
    }
  }
  return problem;
}

function issuerProblem(issuer: Certificate, nowMs: number, depth: number): string | undefined {
  const { pathLength = Infinity } = basicConstraints(issuer) ?? {};
  if (pathLength < depth) return "has a longer chain than an issuer allows";
  if (!hasUsage(issuer, USAGE.keyCertSign, true)) return "has an issuer that may not sign certificates";
  const problem = dateProblem(issuer, nowMs) ?? criticalProblem(issuer);
  return problem === undefined ? undefined : `has an issuer whose certificate ${problem}`;
}

function valueOf({ extensions }: Certificate, id: string): DerReader | undefined {
  const extension = extensions.get(id);
  return extension === undefined ? undefined : new DerReader(extension.value);
}

function basicConstraints(certificate: Certificate): { ca: boolean; pathLength?: number } | undefined {
  const fields = valueOf(certificate, EXTENSION.basicConstraints)?.enter(TAG.sequence);
  if (fields === undefined) return undefined;
  const ca = (fields.takeIf(TAG.boolean)?.[0] ?? 0) !== 0;
  const pathLength = fields.takeIf(TAG.integer);
  return { ca, ...(pathLength === undefined ? {} : { pathLength: Number(`0x${pathLength.toHex()}`) }) };
}

/** @param unsaid what counts for a certificate that does not say what it is for */
function hasUsage(certificate: Certificate, bit: number, unsaid: boolean): boolean {
  const bits = valueOf(certificate, EXTENSION.keyUsage)?.take(TAG.bits);
  return bits === undefined ? unsaid : ((bits[1] ?? 0) & 0x80 >> bit) !== 0;
}

function extendedKeyUsage(certificate: Certificate): string[] | undefined {
  const list = valueOf(certificate, EXTENSION.extendedKeyUsage)?.enter(TAG.sequence);
  if (list === undefined) return undefined;
  const purposes: string[] = [];
  while (!list.done) purposes.push(oidText(list.take(TAG.oid)));
  return purposes;
}

/** OIDs of the attributes of all directory names (RFC 5280 section 4.2.1.6). */
function alternativeNameAttributes(certificate: Certificate): ReadonlySet<string> {
  const found = new Set<string>();
  const names = valueOf(certificate, EXTENSION.alternativeName)?.enter(TAG.sequence);
  while (names !== undefined && !names.done) {
    if (names.tag !== contextTag(4)) {
      names.skip();
      continue;
    }
    const sets = names.enter(contextTag(4)).enter(TAG.sequence);
    while (!sets.done) {
      const set = sets.enter(TAG.set);
      while (!set.done) found.add(oidText(set.enter(TAG.sequence).take(TAG.oid)));
    }
  }
  return found;
}

/** The family of tPMSpecification among the subject's directory attributes, such as `2.0`; it is optional. */
function specificationFamily(certificate: Certificate): string | undefined {
  const attributes = valueOf(certificate, EXTENSION.directoryAttributes)?.enter(TAG.sequence);
  while (attributes !== undefined && !attributes.done) {
    const attribute = attributes.enter(TAG.sequence);
    if (oidText(attribute.take(TAG.oid)) !== TPM_SPECIFICATION) continue;
    const specification = attribute.enter(TAG.set).enter(TAG.sequence);
    return String.fromCharCode(...specification.take(specification.tag ?? 0));
  }
}
