/** Bytes of a file for an answer: few large reads for one client, small memory for many. */
import type { ByteSpan } from "./file_response.ts";
import type { Pieces } from "./message.ts";

/** Smaller parts are read at once: going back and forth costs more than they do. */
const SMALL = 64 * 1024;

/** How a transfer reads while that many run. */
export interface ReadPlan {
  readonly bytes: number;
  /** One while the socket takes a piece, the next is read into another. */
  readonly buffers: 1 | 2;
}

/** Long reads, and ahead of the socket, for few; all together hold at most some 16 MiB. */
export function readPlan(transfers: number): ReadPlan {
  if (transfers <= 8) return { bytes: 1024 * 1024, buffers: 2 };
  return { bytes: transfers <= 64 ? 256 * 1024 : 64 * 1024, buffers: 1 };
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
    return new FilePieces(file, length, readPlan(++this.#active), () => this.#active--);
  }
}

class FilePieces implements Pieces {
  readonly length: number;
  readonly #file: Deno.FsFile;
  readonly #buffers: Uint8Array[];
  readonly #ended: () => void;
  /** Bytes that no read was started for. */
  #unread: number;
  /** The read that runs ahead. */
  #ahead: Promise<Uint8Array> | undefined;

  constructor(file: Deno.FsFile, length: number, { bytes, buffers }: ReadPlan, ended: () => void) {
    this.length = this.#unread = length;
    this.#file = file;
    this.#buffers = Array.from({ length: buffers }, () => new Uint8Array(Math.min(length, bytes)));
    this.#ended = ended;
  }

  async next(): Promise<Uint8Array | undefined> {
    if (this.#ahead === undefined && this.#unread === 0) return undefined;
    const piece = await (this.#ahead ?? this.#read());
    this.#ahead = undefined;
    if (this.#buffers.length > 1 && this.#unread > 0) {
      this.#ahead = this.#read();
      // Whoever calls next() hears of a failure; after the end nobody does.
      this.#ahead.catch(() => {});
    }
    return piece;
  }

  async #read(): Promise<Uint8Array> {
    const buffer = this.#buffers.shift()!;
    this.#buffers.push(buffer);
    const count = await this.#file.read(buffer.subarray(0, Math.min(this.#unread, buffer.length)));
    if (count === null) throw new Error("file is shorter than the image says");
    this.#unread -= count;
    return buffer.subarray(0, count);
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
