/** DER (ITU-T X.690), as much of it as certificates need: each function gives the bytes of one value with its tag and length. */

const encoder = new TextEncoder();

/** The bytes one after the other. */
function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Big-endian, without zeros in front; none for 0. */
function bigEndian(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return bytes;
}

/** Any value: its tag, its length (X.690 section 8.1.3) and its contents. */
export function tagged(tag: number, ...contents: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const body = joined(contents);
  const size = bigEndian(body.length);
  const length = body.length < 128 ? [body.length] : [0x80 | size.length, ...size];
  return joined([new Uint8Array([tag, ...length]), body]);
}

/** SEQUENCE. */
export function sequence(...members: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return tagged(0x30, ...members);
}

/** SET; members are given in the order of their encodings (X.690 section 11.6). */
export function set(...members: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return tagged(0x31, ...members);
}

/** BOOLEAN TRUE; FALSE is a default wherever certificates have one, and so never written (X.690 section 11.5). */
export const TRUE: Uint8Array = new Uint8Array([0x01, 0x01, 0xff]);

/** INTEGER of a number that is not negative, from its bytes in big-endian order. */
export function unsigned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  let from = 0;
  while (from < bytes.length - 1 && bytes[from] === 0) from++;
  const shortest = bytes.length === 0 ? new Uint8Array(1) : bytes.subarray(from);
  return (shortest[0]! & 0x80) === 0 ? tagged(0x02, shortest) : tagged(0x02, new Uint8Array(1), shortest);
}

/** BIT STRING of whole bytes. */
export function bits(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return tagged(0x03, new Uint8Array(1), bytes);
}

/** BIT STRING of named bits (X.690 section 11.2.2): `set` names the bits that are 1, the first is 0; at most 8. */
export function namedBits(...set: readonly number[]): Uint8Array<ArrayBuffer> {
  const unused = 7 - Math.max(...set);
  return tagged(0x03, new Uint8Array([unused, set.reduce((byte, bit) => byte | 0x80 >> bit, 0)]));
}

/** OCTET STRING. */
export function octets(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return tagged(0x04, bytes);
}

/** UTF8String. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return tagged(0x0c, encoder.encode(text));
}

/** OBJECT IDENTIFIER, from `2.5.29.17` (X.690 section 8.19). */
export function oid(dotted: string): Uint8Array<ArrayBuffer> {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const septets = [arc & 0x7f];
    for (let high = arc >>> 7; high > 0; high >>>= 7) septets.unshift(0x80 | high & 0x7f);
    return septets;
  });
  return tagged(0x06, new Uint8Array(bytes));
}

/** Time, in seconds: UTCTime until the end of 2049, GeneralizedTime from then on (RFC 5280 section 4.1.2.5). */
export function time(ms: number): Uint8Array<ArrayBuffer> {
  const digits = new Date(ms).toISOString().replace(/\.\d+Z$/, "Z").replace(/[-:T]/g, "");
  return digits < "2050" ? tagged(0x17, encoder.encode(digits.slice(2))) : tagged(0x18, encoder.encode(digits));
}

/** A context-specific tag around the contents: `[n] EXPLICIT` or a constructed `[n] IMPLICIT`. */
export function context(n: number, ...contents: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return tagged(0xa0 | n, ...contents);
}

/** A primitive `[n] IMPLICIT`. */
export function implicit(n: number, contents: Uint8Array): Uint8Array<ArrayBuffer> {
  return tagged(0x80 | n, contents);
}

/** PEM (RFC 7468) of DER. */
export function pem(label: string, der: Uint8Array): string {
  const lines = der.toBase64().replace(/.{64}(?=.)/g, "$&\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

/**
 * DER of the first block of PEM with this label.
 * @throws {SyntaxError} when there is none, or it is not base64
 */
export function unpem(label: string, text: string): Uint8Array<ArrayBuffer> {
  const [, after] = text.split(`-----BEGIN ${label}-----`, 2);
  const end = after?.indexOf(`-----END ${label}-----`) ?? -1;
  if (after === undefined || end < 0) throw new SyntaxError(`no ${label} in PEM`);
  return Uint8Array.fromBase64(after.slice(0, end));
}
