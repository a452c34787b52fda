/** Writes the contents of an image into a folder, from inside a worker: blocking calls are the fast ones there. */
import { statfsSync } from "node:fs";
import { CacheFolderError, CacheFullError, PullError } from "./errors.ts";
import { PACK_FILE } from "./image_index.ts";
import type { Content } from "./layer.ts";
import type { ContentSink } from "./unpack.ts";

/** How many bytes are written between two looks at the free space, and how many are left to others. */
const SPACE_STEP = 64 * 1024 * 1024;
const SPACE_RESERVE = 64 * 1024 * 1024;

/** How an operator gets a cache folder elsewhere, where its starter does not say. */
export const MOVE_CACHE = "move it with --cache-dir";

/**
 * What a failed call on the cache means for an operator.
 * @param howToMove to a disk with more space: words that follow `free space there or`
 */
export function explainDiskError(error: unknown, folder: string, howToMove: string): PullError {
  if (error instanceof PullError) return error;
  const code = (error as { code?: unknown } | null)?.code;
  const text = error instanceof Error ? error.message : String(error);
  if (code === "ENOSPC" || code === "EDQUOT" || /os error (28|122)\b/.test(text)) {
    return new CacheFullError(
      `the disk of cache folder ${folder} is full; free space there or ${howToMove}`,
    );
  }
  if (typeof code !== "string") return new PullError(`pulling failed unexpectedly: ${text}`);
  return new CacheFolderError(`cannot write to cache folder ${folder}: ${text}`);
}

/** Contents up to this size share one file: making a file costs more than writing it. */
const PACKED_BYTES = 256 * 1024;
/** The pack is written in pieces of this size. */
const PACK_BUFFER = 4 * 1024 * 1024;

/** The contents of an image in a folder: small ones in a pack, large ones in files named by their numbers. */
export class ContentStore implements ContentSink, Disposable {
  readonly #folder: string;
  readonly #howToMove: string;
  /** Large contents. */
  readonly #ids: number[] = [];
  /** Where small contents begin in the pack. */
  readonly #packed = new Map<number, number>();
  #content: Content | undefined;
  /** Of the content that comes in, when it is a large one. */
  #file: Deno.FsFile | undefined;
  /** Where that file's cursor is. */
  #at = 0;
  #pack: Deno.FsFile | undefined;
  #packBuffer = new Uint8Array(0);
  #buffered = 0;
  /** Bytes of the pack that are written. */
  #packWritten = 0;
  #unchecked = SPACE_STEP;

  /**
   * Contents in one folder.
   * @param folder exists
   * @param howToMove see {@link explainDiskError}
   */
  constructor(folder: string, howToMove: string) {
    this.#folder = folder;
    this.#howToMove = howToMove;
  }

  /** A new content begins. */
  begin(content: Content): void {
    this.#content = content;
    this.#at = 0;
    if (content.size > PACKED_BYTES) this.#ids.push(content.id);
    else this.#guard(() => this.#reserve(content));
  }

  /** Bytes of it. */
  write(bytes: Uint8Array, offset: number): void {
    this.#guard(() => {
      this.#checkSpace(bytes.length);
      const { id, size } = this.#content!;
      const packed = this.#packed.get(id);
      if (packed !== undefined) {
        this.#packBuffer.set(bytes, packed - this.#packWritten + offset);
        return;
      }
      if (offset === 0 && bytes.length === size) {
        Deno.writeFileSync(`${this.#folder}/${id}`, bytes, { createNew: true });
        this.#at = size;
        return;
      }
      this.#file ??= this.#open();
      if (offset !== this.#at) this.#file.seekSync(offset, Deno.SeekMode.Start);
      for (let at = 0; at < bytes.length;) at += this.#file.writeSync(bytes.subarray(at));
      this.#at = offset + bytes.length;
    });
  }

  /** It is complete: a hole at its end is added. */
  end(): void {
    this.#guard(() => {
      const { id, size } = this.#content!;
      if (this.#packed.has(id)) return;
      if (this.#at < size) {
        this.#file ??= this.#open();
        this.#file.truncateSync(size);
      }
      this.#file?.close();
      this.#file = undefined;
    });
  }

  /** All contents have come: the pack is written out, and files that no name leads to any more are removed. */
  finish(kept: ReadonlySet<number>): void {
    this.#guard(() => {
      // Also where all small contents are empty: whoever opens one finds a file.
      if (this.#packed.size > 0) this.#flush();
      for (const id of this.#ids) if (!kept.has(id)) Deno.removeSync(`${this.#folder}/${id}`);
    });
  }

  /** Where a content begins in the pack; -1 when it has a file of its own. */
  packedAt(id: number): number {
    return this.#packed.get(id) ?? -1;
  }

  /** Makes room for a small content; it is all zeros until it is written. */
  #reserve({ id, size }: Content): void {
    if (this.#buffered + size > this.#packBuffer.length) {
      if (this.#buffered > 0) this.#flush();
      if (this.#packBuffer.length === 0) this.#packBuffer = new Uint8Array(PACK_BUFFER);
    }
    this.#packed.set(id, this.#packWritten + this.#buffered);
    this.#buffered += size;
  }

  #flush(): void {
    this.#pack ??= Deno.openSync(`${this.#folder}/${PACK_FILE}`, { write: true, createNew: true });
    const bytes = this.#packBuffer.subarray(0, this.#buffered);
    for (let at = 0; at < bytes.length;) at += this.#pack.writeSync(bytes.subarray(at));
    bytes.fill(0);
    this.#packWritten += this.#buffered;
    this.#buffered = 0;
  }

  #open(): Deno.FsFile {
    return Deno.openSync(`${this.#folder}/${this.#content!.id}`, { write: true, createNew: true });
  }

  #checkSpace(bytes: number): void {
    this.#unchecked += bytes;
    if (this.#unchecked < SPACE_STEP) return;
    this.#unchecked = 0;
    const { bavail, bsize } = statfsSync(this.#folder);
    if (bavail * bsize < SPACE_RESERVE) {
      throw new CacheFullError(
        `the disk of cache folder ${this.#folder} has less than 64 MiB left; free space there or ${this.#howToMove}`,
      );
    }
  }

  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      throw explainDiskError(error, this.#folder, this.#howToMove);
    }
  }

  /** Closes what is open. */
  [Symbol.dispose](): void {
    this.#file?.close();
    this.#pack?.close();
    this.#file = this.#pack = undefined;
  }
}
