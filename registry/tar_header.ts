/**
 * The 512-byte header of a tar member (POSIX.1-1988 ustar; GNU and star variants), and pax records (POSIX.1-2001).
 *
 * ```
 *   0 name 100   100 mode 8   108 uid 8   116 gid 8   124 size 12   136 mtime 12   148 checksum 8   156 type 1
 * 157 link 100   257 magic 6  263 version 2   265 user 32   297 group 32   329 major 8   337 minor 8
 * ustar: 345 prefix 155    GNU: 386 sparse 4x24   482 more 1   483 real size 12
 * ```
 */
import { LayerError } from "./errors.ts";

/** Headers and data come in blocks of this size. */
export const BLOCK = 512;

/** A header as it lies there; type 7 and NUL are already `0`. */
export interface TarHeader {
  /** With the prefix, where there is one. */
  readonly name: string;
  /** Target of a link. */
  readonly link: string;
  /** Bytes of data that follow, before any pax record corrects it. */
  readonly size: number;
  /** The type flag as a character. */
  readonly type: string;
}

/** A run of data in a sparse file; between runs there are zeros. */
export interface Extent {
  /** In the file. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

const decoder = new TextDecoder();

/** The text up to the first NUL. */
export function textField(block: Uint8Array, at: number, length: number): string {
  const end = block.indexOf(0, at);
  return decoder.decode(block.subarray(at, end < 0 || end > at + length ? at + length : end));
}

/**
 * A number in octal digits, or in base 256 where the first bit is set (GNU).
 * @throws {LayerError} for anything else and for numbers that no file has
 */
export function numberField(block: Uint8Array, at: number, length: number, what: string): number {
  const first = block[at]!;
  let value = 0;
  if (first & 0x80) {
    value = first & 0x7f;
    if (first & 0x40) throw new LayerError(`a tar header has a negative ${what}`);
    for (let i = 1; i < length; i++) value = value * 256 + block[at + i]!;
  } else {
    const digits = textField(block, at, length).trim();
    if (!/^[0-7]*$/.test(digits)) throw new LayerError(`a tar header has no number as its ${what}`);
    value = digits === "" ? 0 : parseInt(digits, 8);
  }
  if (!Number.isSafeInteger(value)) throw new LayerError(`a tar header has a ${what} that is too large`);
  return value;
}

/** The sum over a block with its checksum field as spaces; old programs added signed bytes. */
function checkSum(block: Uint8Array): void {
  let sum = 0;
  let high = 0;
  for (let i = 0; i < BLOCK; i++) {
    const byte = i >= 148 && i < 156 ? 32 : block[i]!;
    sum += byte;
    high += byte >> 7;
  }
  const stored = numberField(block, 148, 8, "checksum");
  if (stored !== sum && stored !== sum - 256 * high) {
    throw new LayerError("a tar header has a wrong checksum: the layer is damaged");
  }
}

/** Whether the block ends the archive. */
export function isZeroBlock(block: Uint8Array): boolean {
  for (let i = 0; i < BLOCK; i++) if (block[i] !== 0) return false;
  return true;
}

/**
 * Reads a header that is not all zeros.
 * @throws {LayerError} when its checksum or a number is wrong
 */
export function parseHeader(block: Uint8Array): TarHeader {
  checkSum(block);
  const posix = textField(block, 257, 6) === "ustar" && block[262] === 0;
  const star = posix && textField(block, 508, 4) === "tar";
  const prefix = posix ? textField(block, 345, star ? 131 : 155) : "";
  const name = textField(block, 0, 100);
  const flag = String.fromCharCode(block[156]!);
  const old = flag === "\0" && name.endsWith("/") ? "5" : "0";
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    link: textField(block, 157, 100),
    size: numberField(block, 124, 12, "size"),
    type: flag === "\0" || flag === "7" ? old : flag,
  };
}

/** Extents in an old GNU sparse header (4 at 386) or in a block that continues it (21 at 0). */
export function sparseFields(block: Uint8Array, at: number, count: number): Extent[] {
  const extents: Extent[] = [];
  for (let i = 0; i < count && block[at] !== 0; i++, at += 24) {
    extents.push({
      offset: numberField(block, at, 12, "sparse offset"),
      length: numberField(block, at + 12, 12, "sparse length"),
    });
  }
  return extents;
}

/**
 * The records of a pax extended header, in order: some sparse formats repeat keys.
 * @throws {LayerError} when a record does not have the length it states
 */
export function parsePax(body: Uint8Array): [key: string, value: string][] {
  const records: [string, string][] = [];
  const wrong = () => new LayerError("a pax header has a malformed record");
  for (let at = 0; at < body.length;) {
    const space = body.indexOf(0x20, at);
    const digits = space < 0 || space > at + 10 ? "" : decoder.decode(body.subarray(at, space));
    const end = at + Number(digits);
    if (!/^[1-9]\d*$/.test(digits) || end > body.length || end <= space + 1 || body[end - 1] !== 0x0a) throw wrong();
    const equals = body.indexOf(0x3d, space);
    if (equals < 0 || equals >= end) throw wrong();
    records.push([
      decoder.decode(body.subarray(space + 1, equals)),
      decoder.decode(body.subarray(equals + 1, end - 1)),
    ]);
    at = end;
  }
  return records;
}

/**
 * A decimal number of a pax record.
 * @throws {LayerError} for anything else
 */
export function paxNumber(text: string, what: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(value)) throw new LayerError(`a pax header has no number as its ${what}`);
  return value;
}

/**
 * Extents must come in order, not overlap, lie inside the file and add up to the data that is there.
 * @throws {LayerError} when they do not
 */
export function checkExtents(extents: readonly Extent[], fileSize: number, dataSize: number): void {
  let end = 0;
  let sum = 0;
  for (const { offset, length } of extents) {
    if (offset < end || offset + length > fileSize) {
      throw new LayerError("a sparse file has a map that is out of order");
    }
    end = offset + length;
    sum += length;
  }
  if (sum !== dataSize) throw new LayerError(`a sparse file has ${dataSize} bytes of data, its map says ${sum}`);
}
