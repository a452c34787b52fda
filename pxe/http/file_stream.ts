/** Bytes of a file for a response: fast for one client, small for many. */
import type { ByteSpan } from "./file_response.ts";

/** Smaller files are read at once: opening a stream costs more than they do. */
const SMALL = 64 * 1024;
/** A client that takes nothing for so long is gone or hostile. */
const STALL_MS = 300_000;

/** So many transfers of a thread get large reads of their own; the others share the runtime's, which hold 64 KiB each. */
const FAST = 4;
const FAST_CHUNK = 1024 * 1024;
const CHUNK = 64 * 1024;

/** The transfers of one thread. */
export class FileStreams {
  #active = 0;

  /** Transfers with reads of their own that have not ended. */
  get active(): number {
    return this.#active;
  }

  /**
   * The bytes of `span` of a file of `size` bytes; undefined when the file is gone.
   * A chunk of the stream is valid until the next is asked for, which suits Deno.serve and nobody who collects them.
   */
  open(absolutePath: string, span: ByteSpan, size: number): ReadableStream<Uint8Array> | Uint8Array | undefined {
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
    if (this.#active < FAST) return this.#stream(file, length, FAST_CHUNK);
    return span.end === size ? file.readable : this.#stream(file, length, CHUNK);
  }

  #stream(file: Deno.FsFile, size: number, chunk: number): ReadableStream<Uint8Array> {
    let left = size;
    let previous: ArrayBuffer | undefined;
    let stalled: ReturnType<typeof setTimeout> | undefined;
    let open = true;
    this.#active++;
    const finish = () => {
      clearTimeout(stalled);
      if (!open) return;
      open = false;
      this.#active--;
      file.close();
    };
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
      clearTimeout(stalled);
      // The server asks for the next chunk when it has taken over the last one. Letting go of that here frees it as
      // soon as it is sent; left to the garbage collector, a fast download holds 200 MB.
      previous?.transfer(0);
      const buffer = new Uint8Array(Math.min(left, chunk));
      const count = await file.read(buffer).catch((error) => {
        if (open) throw error;
        return null;
      });
      if (!open) return;
      if (count === null) throw new Error("file is shorter than the image says");
      previous = buffer.buffer;
      left -= count;
      controller.enqueue(buffer.subarray(0, count));
      if (left === 0) {
        finish();
        return controller.close();
      }
      stalled = setTimeout(() => {
        finish();
        controller.error(new Error("client takes nothing"));
      }, STALL_MS);
    };
    return new ReadableStream<Uint8Array>({
      pull: (controller) =>
        pull(controller).catch((error) => {
          finish();
          throw error;
        }),
      cancel: finish,
    }, { highWaterMark: 0 });
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
