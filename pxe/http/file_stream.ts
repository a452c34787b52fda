/** Bytes of a file for an answer: few large reads for one client, small memory for many. */
import type { ByteSpan } from "./file_response.ts";
import type { Pieces } from "./message.ts";

/** Smaller parts are read at once: going back and forth costs more than they do. */
const SMALL = 64 * 1024;

/** Bytes of a read while that many transfers run, so that all of them together hold at most some 16 MiB. */
export function pieceBytes(transfers: number): number {
  if (transfers <= 8) return 1024 * 1024;
  return transfers <= 64 ? 256 * 1024 : 64 * 1024;
}

/** The transfers of one thread. */
export class FileStreams {
  #active = 0;

  /** Transfers that have not ended. */
  get active(): number {
    return this.#active;
  }

  /** The bytes of `span`; undefined when the file is gone. */
  open(absolutePath: string, span: ByteSpan): Pieces | Uint8Array | undefined {
    let file: Deno.FsFile;
    try {
      file = Deno.openSync(absolutePath);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
    if (span.start > 0) file.seekSync(span.start, Deno.SeekMode.Start);
    const length = span.end - span.start;
    if (length <= SMALL) return readNow(file, length);
    const buffer = new Uint8Array(Math.min(length, pieceBytes(++this.#active)));
    return new FilePieces(file, length, buffer, () => this.#active--);
  }
}

class FilePieces implements Pieces {
  readonly length: number;
  readonly #file: Deno.FsFile;
  readonly #buffer: Uint8Array;
  readonly #ended: () => void;
  #left: number;

  constructor(file: Deno.FsFile, length: number, buffer: Uint8Array, ended: () => void) {
    this.length = this.#left = length;
    this.#file = file;
    this.#buffer = buffer;
    this.#ended = ended;
  }

  async next(): Promise<Uint8Array | undefined> {
    if (this.#left === 0) return undefined;
    const count = await this.#file.read(this.#buffer.subarray(0, Math.min(this.#left, this.#buffer.length)));
    if (count === null) throw new Error("file is shorter than the image says");
    this.#left -= count;
    return this.#buffer.subarray(0, count);
  }

  [Symbol.dispose](): void {
    this.#file.close();
    this.#ended();
  }
}

function readNow(file: Deno.FsFile, size: number): Uint8Array {
  using _file = file;
  const body = new Uint8Array(size);
  for (let at = 0; at < size;) {
    const count = file.readSync(body.subarray(at));
    if (count === null) throw new Error("file is shorter than the image says");
    at += count;
  }
  return body;
}
