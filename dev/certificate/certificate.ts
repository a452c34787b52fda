/**
 * Certificates of development servers (RFC 5280, ECDSA P-256): those of an authority, and self-signed ones.
 * Neither Deno nor node:crypto can issue certificates, so they are written here.
 */
import * as der from "./der.ts";

const CURVE = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" } as const;
/** id-ecdsa-with-SHA256 (RFC 5758 section 3.2). */
const ECDSA_SHA256 = der.sequence(der.oid("1.2.840.10045.4.3.2"));
const DAY_MS = 86_400_000;
/** Clocks of clients may be behind. */
const EARLIER_MS = 3_600_000;
const AUTHORITY_DAYS = 3650;
const SERVER_DAYS = 365;

/** Who signs server certificates. */
export interface Authority {
  /** For clients. */
  readonly certPem: string;
  /** Its private key. */
  readonly key: CryptoKey;
  /** When it was issued. */
  readonly issuedMs: number;
}

/** What a TLS server needs. */
export interface ServerCertificate {
  /** Of the server. */
  readonly certPem: string;
  /** PKCS #8. */
  readonly keyPem: string;
}

/** Names that clients may use for the server. */
export interface ServerNames {
  /** DNS names. */
  readonly dns: readonly string[];
  /** Addresses in network byte order: 4 or 16 bytes. */
  readonly ips: readonly Uint8Array[];
}

/** A key pair for signing. */
export async function newKeyPair(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(CURVE, true, ["sign", "verify"]) as CryptoKeyPair;
}

/** PKCS #8 in PEM. */
export async function keyPem(key: CryptoKey): Promise<string> {
  return der.pem("PRIVATE KEY", new Uint8Array(await crypto.subtle.exportKey("pkcs8", key)));
}

/**
 * The private key in PEM, for signing.
 * @throws {Error} when it is no P-256 key
 */
export async function keyFromPem(text: string): Promise<CryptoKey> {
  return await crypto.subtle.importKey("pkcs8", der.unpem("PRIVATE KEY", text), CURVE, true, ["sign"]);
}

/** The public half of a private key. */
export async function publicKeyOf(key: CryptoKey): Promise<CryptoKey> {
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", key);
  return await crypto.subtle.importKey("jwk", { kty, crv, x, y } as JsonWebKey, CURVE, true, ["verify"]);
}

/** ECDSA signatures are r and s side by side in WebCrypto, and a SEQUENCE in certificates (RFC 3279 section 2.2.3). */
function signatureValue(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2;
  return der.sequence(der.unsigned(raw.subarray(0, half)), der.unsigned(raw.subarray(half)));
}

/** Name with a common name alone (RFC 5280 section 4.1.2.4). */
function name(common: string): Uint8Array {
  return der.sequence(der.set(der.sequence(der.oid("2.5.4.3"), der.utf8(common))));
}

function extension(id: string, critical: boolean, value: Uint8Array): Uint8Array {
  return der.sequence(der.oid(id), ...(critical ? [der.TRUE] : []), der.octets(value));
}

/** SHA-1 of the public key's bits: method 1 of RFC 5280 section 4.2.1.2. */
async function keyIdentifier(key: CryptoKey): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-1", await crypto.subtle.exportKey("raw", key)));
}

interface Contents {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: CryptoKey;
  readonly fromMs: number;
  readonly days: number;
  readonly extensions: readonly Uint8Array[];
}

/** Certificate (RFC 5280 section 4.1), signed. */
async function certificate(contents: Contents, signer: CryptoKey): Promise<string> {
  const { subject, issuer, publicKey, fromMs, days, extensions } = contents;
  const serial = crypto.getRandomValues(new Uint8Array(16));
  const signed = der.sequence(
    der.context(0, der.unsigned(new Uint8Array([2]))),
    der.unsigned(serial),
    ECDSA_SHA256,
    name(issuer),
    der.sequence(der.time(fromMs - EARLIER_MS), der.time(fromMs + days * DAY_MS)),
    name(subject),
    new Uint8Array(await crypto.subtle.exportKey("spki", publicKey)),
    der.context(3, der.sequence(...extensions)),
  );
  const signature = new Uint8Array(await crypto.subtle.sign(SIGNATURE, signer, signed));
  return der.pem("CERTIFICATE", der.sequence(signed, ECDSA_SHA256, der.bits(signatureValue(signature))));
}

function authorityName(issuedMs: number): string {
  return `metalman-dev-ca@${Math.floor(issuedMs / 1000)}`;
}

/** A new authority. Its name carries its time: a client that has an older one of the same name would blame the signature. */
export async function newAuthority(nowMs: number): Promise<Authority> {
  const { privateKey, publicKey } = await newKeyPair();
  const certPem = await certificate({
    subject: authorityName(nowMs),
    issuer: authorityName(nowMs),
    publicKey,
    fromMs: nowMs,
    days: AUTHORITY_DAYS,
    extensions: [
      extension("2.5.29.19", true, der.sequence(der.TRUE)),
      // keyCertSign, cRLSign.
      extension("2.5.29.15", true, der.namedBits(5, 6)),
      extension("2.5.29.14", false, der.octets(await keyIdentifier(publicKey))),
    ],
  }, privateKey);
  return { certPem, key: privateKey, issuedMs: nowMs };
}

/** Whether an authority still outlives the server certificates it would sign, by a month. */
export function isAuthorityFresh({ issuedMs }: Pick<Authority, "issuedMs">, nowMs: number): boolean {
  return issuedMs <= nowMs && nowMs < issuedMs + (AUTHORITY_DAYS - SERVER_DAYS - 30) * DAY_MS;
}

/** A server's key and certificate. */
export async function newServerCertificate(
  authority: Authority,
  names: ServerNames,
  nowMs: number,
): Promise<ServerCertificate> {
  const { privateKey, publicKey } = await newKeyPair();
  const signerId = await keyIdentifier(await publicKeyOf(authority.key));
  const certPem = await certificate({
    subject: "metalman-dev-apiserver",
    issuer: authorityName(authority.issuedMs),
    publicKey,
    fromMs: nowMs,
    days: SERVER_DAYS,
    extensions: [
      // digitalSignature; id-kp-serverAuth.
      extension("2.5.29.15", true, der.namedBits(0)),
      extension("2.5.29.37", false, der.sequence(der.oid("1.3.6.1.5.5.7.3.1"))),
      extension("2.5.29.35", false, der.sequence(der.implicit(0, signerId))),
      alternativeNames(names),
    ],
  }, authority.key);
  return { certPem, keyPem: await keyPem(privateKey) };
}

/** Subject alternative names (RFC 5280 section 4.2.1.6). */
function alternativeNames({ dns, ips }: ServerNames): Uint8Array {
  const encoder = new TextEncoder();
  const names = [
    ...dns.map((name) => der.implicit(2, encoder.encode(name))),
    ...ips.map((ip) => der.implicit(7, ip)),
  ];
  return extension("2.5.29.17", false, der.sequence(...names));
}

/** How a self-signed certificate is made. */
export interface SelfSigned {
  /** Common name of subject and issuer. */
  readonly subject: string;
  /** Names that clients may use for the server. */
  readonly names: ServerNames;
  /** It counts from an hour before. */
  readonly fromMs: number;
  /** How long it counts. */
  readonly days: number;
}

/** A server's key and the certificate that it has signed itself, as devices make them. */
export async function newSelfSigned({ subject, names, fromMs, days }: SelfSigned): Promise<ServerCertificate> {
  const { privateKey, publicKey } = await newKeyPair();
  const extensions = [alternativeNames(names)];
  const certPem = await certificate({ subject, issuer: subject, publicKey, fromMs, days, extensions }, privateKey);
  return { certPem, keyPem: await keyPem(privateKey) };
}

/** SHA-256 of a certificate in PEM: lower-case hex with colons. */
export async function fingerprintOf(certPem: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", der.unpem("CERTIFICATE", certPem)));
  return digest.toHex().replace(/..(?=.)/g, "$&:");
}
