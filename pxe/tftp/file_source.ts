/** A file as the source of a transfer, as it is or in netascii. */
import { NetasciiEncoder, netasciiLength } from "./netascii.ts";
import type { Mode } from "./packet.ts";
import { type ByteSource, type Filler, ReadAhead } from "./read_ahead.ts";

/** What is used of an open file (`Deno.FsFile`). */
export interface OpenFile {
  /** Reads some bytes; null at the end. */
  read(target: Uint8Array): Promise<number | null>;
  /** `whence` 0: from the start. */
  seek(offset: number, whence: 0): Promise<number>;
  /** Gives it back. */
  close(): void;
}

const SCRATCH_BYTES = 64 * 1024;

/** Part of an open file, as if it were all of it: small boot files share one. */
class FileWindow implements OpenFile {
  readonly #file: OpenFile;
  readonly #offset: number;
  readonly #size: number;
  #left: number;

  constructor(file: OpenFile, offset: number, size: number) {
    this.#file = file;
    this.#offset = offset;
    this.#left = this.#size = size;
  }

  async read(target: Uint8Array): Promise<number | null> {
    if (this.#left === 0) return null;
    const got = await this.#file.read(target.length > this.#left ? target.subarray(0, this.#left) : target);
    this.#left -= got ?? 0;
    return got;
  }

  async seek(offset: number, whence: 0): Promise<number> {
    this.#left = this.#size - offset;
    return await this.#file.seek(this.#offset + offset, whence) - this.#offset;
  }

  close(): void {
    this.#file.close();
  }
}

/**
 * A source that owns the file from now on and gives `size` bytes from `offset` on. For netascii the file is read once before, to know the converted size:
 * RFC 2349's `tsize` and the end of the transfer both need it.
 */
export async function fileSource(
  whole: OpenFile,
  { offset, size, mode, pieceBytes }: { offset: number; size: number; mode: Mode; pieceBytes: number },
): Promise<ByteSource> {
  const file = new FileWindow(whole, offset, size);
  try {
    if (offset > 0) await file.seek(0, 0);
    if (mode === "octet") return new ReadAhead(new PlainFiller(file), size, pieceBytes);
    const converted = await convertedSize(file);
    await file.seek(0, 0);
    return new ReadAhead(new NetasciiFiller(file), converted, pieceBytes);
  } catch (error) {
    file.close();
    throw error;
  }
}

async function convertedSize(file: OpenFile): Promise<number> {
  const scratch = new Uint8Array(SCRATCH_BYTES);
  let size = 0;
  for (let got = await file.read(scratch); got !== null; got = await file.read(scratch)) {
    size += netasciiLength(scratch.subarray(0, got));
  }
  return size;
}

class PlainFiller implements Filler {
  readonly #file: OpenFile;

  constructor(file: OpenFile) {
    this.#file = file;
  }

  async fill(target: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < target.length) {
      const got = await this.#file.read(target.subarray(filled));
      if (got === null) break;
      filled += got;
    }
    return filled;
  }

  close(): void {
    this.#file.close();
  }
}

class NetasciiFiller implements Filler {
  readonly #file: OpenFile;
  readonly #encoder = new NetasciiEncoder();
  readonly #scratch = new Uint8Array(SCRATCH_BYTES);
  #rest: Uint8Array = this.#scratch.subarray(0, 0);

  constructor(file: OpenFile) {
    this.#file = file;
  }

  async fill(target: Uint8Array): Promise<number> {
    let filled = 0;
    for (;;) {
      const { read, written } = this.#encoder.encodeInto(this.#rest, target.subarray(filled));
      this.#rest = this.#rest.subarray(read);
      filled += written;
      if (filled === target.length) return filled;
      const got = await this.#file.read(this.#scratch);
      if (got === null) return filled;
      this.#rest = this.#scratch.subarray(0, got);
    }
  }

  close(): void {
    this.#file.close();
  }
}
