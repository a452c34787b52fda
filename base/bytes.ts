/** Bounds-checked reading and writing of network byte order (big-endian) data. */

/** Input that ends before what it announces, or output that does not fit. */
export class BytesError extends Error {
  /** The class, in logs. */
  override name = "BytesError";
}

/** Reads a byte array from front to back; every read is checked against its end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  /** @param bytes read in place, never copied whole */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /**
   * The next `length` bytes, as a view.
   * @throws {BytesError} when fewer are left
   */
  take(length: number): Uint8Array {
    if (length < 0 || length > this.remaining) {
      throw new BytesError(`wanted ${length} bytes at offset ${this.#at}, ${this.remaining} are left`);
    }
    const view = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return view;
  }

  /** One unsigned byte. */
  u8(): number {
    return this.take(1)[0]!;
  }

  /** An unsigned 16-bit number. */
  u16(): number {
    const b = this.take(2);
    return (b[0]! << 8) | b[1]!;
  }

  /** An unsigned 32-bit number. */
  u32(): number {
    const b = this.take(4);
    return ((b[0]! << 24) | (b[1]! << 16) | (b[2]! << 8) | b[3]!) >>> 0;
  }
}

/** Writes into a buffer of fixed size; every write is checked against its end. */
export class ByteWriter {
  readonly #bytes: Uint8Array;
  #at = 0;

  /** @param bytes written in place */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#at;
  }

  /** What was written, as a view. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  #claim(length: number): number {
    if (this.#at + length > this.#bytes.length) {
      throw new BytesError(`${length} bytes do not fit at offset ${this.#at} of ${this.#bytes.length}`);
    }
    const at = this.#at;
    this.#at += length;
    return at;
  }

  /** One unsigned byte. */
  u8(value: number): void {
    this.#bytes[this.#claim(1)] = value;
  }

  /** An unsigned 16-bit number. */
  u16(value: number): void {
    const at = this.#claim(2);
    this.#bytes[at] = value >>> 8;
    this.#bytes[at + 1] = value;
  }

  /** An unsigned 32-bit number. */
  u32(value: number): void {
    const at = this.#claim(4);
    this.#bytes[at] = value >>> 24;
    this.#bytes[at + 1] = value >>> 16;
    this.#bytes[at + 2] = value >>> 8;
    this.#bytes[at + 3] = value;
  }

  /** The bytes as they are. */
  bytes(value: Uint8Array): void {
    this.#bytes.set(value, this.#claim(value.length));
  }

  /** `length` zero bytes. */
  zeros(length: number): void {
    const at = this.#claim(length);
    this.#bytes.fill(0, at, at + length);
  }
}
