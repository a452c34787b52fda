/** Fields of disk structures, which are little-endian: GPT (UEFI 2.10, 5.3) and FAT. */

/** Sets numbers and bytes in a part of an image, by offset. */
export class Fields {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  /** Of these bytes. @param bytes written in place */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** A 16-bit number. */
  u16(at: number, value: number): this {
    this.#view.setUint16(at, value, true);
    return this;
  }

  /** A 32-bit number. */
  u32(at: number, value: number): this {
    this.#view.setUint32(at, value, true);
    return this;
  }

  /** A 64-bit number below 2^53. */
  u64(at: number, value: number): this {
    this.#view.setBigUint64(at, BigInt(value), true);
    return this;
  }

  /** Bytes. */
  bytes(at: number, value: ArrayLike<number>): this {
    this.#bytes.set(value, at);
    return this;
  }

  /** Text, one byte a character. */
  text(at: number, value: string): this {
    return this.bytes(at, [...value].map((character) => character.charCodeAt(0)));
  }
}
