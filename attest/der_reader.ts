/** Reading DER (ITU-T X.690), as much of it as certificates have: each value is checked against the end of what it lies in. */
import { ByteReader, BytesError } from "../base/bytes.ts";

/** What is not DER, or not what it should be. */
export class DerError extends Error {
  /** The class, in logs. */
  override name = "DerError";
}

/** Tags of X.690 section 8, with the bit for constructed ones where they are. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** A constructed context-specific tag. */
export function contextTag(n: number): number {
  return 0xa0 | n;
}

/** Values one after the other. */
export class DerReader {
  readonly #bytes: ByteReader;
  readonly #source: Uint8Array;

  /** Reads in place. */
  constructor(source: Uint8Array) {
    this.#source = source;
    this.#bytes = new ByteReader(source);
  }

  /** Whether nothing is left. */
  get done(): boolean {
    return this.#bytes.remaining === 0;
  }

  /** The tag of the next value; undefined at the end. */
  get tag(): number | undefined {
    return this.#source[this.#source.length - this.#bytes.remaining];
  }

  /**
   * The contents of the next value.
   * @throws {DerError} when it has another tag, or is cut off
   */
  take(tag: number): Uint8Array {
    return this.#whole(tag).contents;
  }

  /**
   * The next value with tag and length.
   * @throws {DerError} when it has another tag, or is cut off
   */
  takeWhole(tag: number): Uint8Array {
    return this.#whole(tag).whole;
  }

  /** The contents of the next value if it has this tag. */
  takeIf(tag: number): Uint8Array | undefined {
    return this.tag === tag ? this.take(tag) : undefined;
  }

  /** The values inside the next one. */
  enter(tag: number): DerReader {
    return new DerReader(this.take(tag));
  }

  /** The next value, whatever it is, is passed over. */
  skip(): void {
    this.take(this.tag ?? 0);
  }

  #whole(tag: number): { whole: Uint8Array; contents: Uint8Array } {
    const start = this.#source.length - this.#bytes.remaining;
    try {
      if (this.#bytes.u8() !== tag) throw new DerError("a value of another kind was expected");
      const contents = this.#bytes.take(this.#length());
      return { contents, whole: this.#source.subarray(start, this.#source.length - this.#bytes.remaining) };
    } catch (error) {
      if (error instanceof BytesError) throw new DerError("it is cut off");
      throw error;
    }
  }

  /** X.690 section 8.1.3, without the indefinite form; three bytes are more than is ever read. */
  #length(): number {
    const first = this.#bytes.u8();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > 3) throw new DerError("a length has an impossible form");
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + this.#bytes.u8();
    return length;
  }
}

/** Certificates have OIDs of a few bytes; texts say them, and strangers choose them. */
const MAX_OID = 64;

/**
 * `2.5.29.17` from the contents of an OBJECT IDENTIFIER (X.690 section 8.19).
 * @throws {DerError} when it is longer than any that is used
 */
export function oidText(contents: Uint8Array): string {
  if (contents.length > MAX_OID) throw new DerError(`an object identifier has ${contents.length} bytes`);
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of contents) {
    arc = arc * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const first = Math.min(2, Math.floor((arcs[0] ?? 0) / 40));
  return [first, (arcs[0] ?? 0) - first * 40, ...arcs.slice(1)].join(".");
}

/**
 * Milliseconds of a UTCTime or GeneralizedTime (RFC 5280 section 4.1.2.5).
 * @throws {DerError} when it is neither
 */
export function readTime(reader: DerReader): number {
  const short = reader.takeIf(TAG.utcTime);
  const text = String.fromCharCode(...short ?? reader.take(TAG.generalizedTime));
  const digits = short === undefined ? text : `${Number(text.slice(0, 2)) < 50 ? "20" : "19"}${text}`;
  const [, year, ...rest] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(digits) ?? [];
  const [month, day, hour, minute, second] = rest;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(ms)) throw new DerError("a time is none");
  return ms;
}
