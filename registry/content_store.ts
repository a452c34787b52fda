/** Writes the contents of an image into a folder, from inside a worker: blocking calls are the fast ones there. */
import { statfsSync } from "node:fs";
import { CacheFolderError, CacheFullError, PullError } from "./errors.ts";
import type { Content } from "./layer.ts";
import type { ContentSink } from "./unpack.ts";

/** How many bytes are written between two looks at the free space, and how many are left to others. */
const SPACE_STEP = 64 * 1024 * 1024;
const SPACE_RESERVE = 64 * 1024 * 1024;

/** What a failed call on the cache means for an operator. */
export function explainDiskError(error: unknown, folder: string): PullError {
  if (error instanceof PullError) return error;
  const code = (error as { code?: unknown } | null)?.code;
  const text = error instanceof Error ? error.message : String(error);
  if (code === "ENOSPC" || code === "EDQUOT" || /os error (28|122)\b/.test(text)) {
    return new CacheFullError(
      `the disk of cache folder ${folder} is full; free space there or move it with --cache-dir`,
    );
  }
  if (typeof code !== "string") return new PullError(`pulling failed unexpectedly: ${text}`);
  return new CacheFolderError(`cannot write to cache folder ${folder}: ${text}`);
}

/** A folder of contents named by their numbers. */
export class ContentStore implements ContentSink, Disposable {
  readonly #folder: string;
  readonly #ids: number[] = [];
  #content: Content | undefined;
  #file: Deno.FsFile | undefined;
  /** Where the file's cursor is. */
  #at = 0;
  #unchecked = SPACE_STEP;

  /**
   * Contents in one folder.
   * @param folder exists
   */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A new content begins. */
  begin(content: Content): void {
    this.#content = content;
    this.#at = 0;
    this.#ids.push(content.id);
  }

  /** Bytes of it. Most files come whole, in one piece. */
  write(bytes: Uint8Array, offset: number): void {
    this.#guard(() => {
      this.#checkSpace(bytes.length);
      const { id, size } = this.#content!;
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
      const { size } = this.#content!;
      if (size === 0 || this.#at < size) {
        this.#file ??= this.#open();
        this.#file.truncateSync(size);
      }
      this.#file?.close();
      this.#file = undefined;
    });
  }

  /** Removes what no name leads to any more: upper layers replaced or removed it. */
  keepOnly(ids: ReadonlySet<number>): void {
    this.#guard(() => {
      for (const id of this.#ids) if (!ids.has(id)) Deno.removeSync(`${this.#folder}/${id}`);
    });
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
        `the disk of cache folder ${this.#folder} has less than 64 MiB left; free space there or move it with --cache-dir`,
      );
    }
  }

  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      throw explainDiskError(error, this.#folder);
    }
  }

  /** Closes the file that is open. */
  [Symbol.dispose](): void {
    this.#file?.close();
    this.#file = undefined;
  }
}
