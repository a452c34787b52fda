/** A layer from its packed bytes to names in a tree and contents in a sink, every digest checked. */
import { createHash, type Hash } from "node:crypto";
import { type Compression, type Decompressor, decompressor } from "./decompress.ts";
import { DigestError, TooLargeError } from "./errors.ts";
import type { Content, ImageTree } from "./layer.ts";
import { type TarHandler, type TarMember, TarReader } from "./tar.ts";

/** Where contents go. */
export interface ContentSink {
  /** A new content begins; the one before is complete. */
  begin(content: Content): void;
  /** Bytes of it, in order; what is left out is zeros. */
  write(bytes: Uint8Array, offset: number): void;
  /** It is complete. */
  end(): void;
}

/** What an image may unpack to, all its layers together. */
export class UnpackBudget {
  readonly #maxBytes: number;
  #archive = 0;
  #content = 0;

  /**
   * A budget that is whole.
   * @param maxBytes a limit for the archives, and one for the files with their holes
   */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Counts bytes of an archive.
   * @throws {TooLargeError} when it is used up
   */
  archive(bytes: number): void {
    this.#archive += bytes;
    if (this.#archive > this.#maxBytes) throw this.#tooLarge();
  }

  /**
   * Counts the size of a file.
   * @throws {TooLargeError} when it is used up
   */
  content(bytes: number): void {
    this.#content += bytes;
    if (this.#content > this.#maxBytes) throw this.#tooLarge();
  }

  #tooLarge(): TooLargeError {
    return new TooLargeError(`the image unpacks to more than ${Math.round(this.#maxBytes / 2 ** 30)} GiB, the limit`);
  }
}

/** What a layer is put into. */
export interface UnpackTarget {
  /** Gets the names. */
  readonly tree: ImageTree;
  /** Gets the contents. */
  readonly sink: ContentSink;
  /** Of the whole image. */
  readonly budget: UnpackBudget;
}

/** Puts members into tree and sink. */
class LayerHandler implements TarHandler {
  readonly #target: UnpackTarget;
  #kept = false;

  constructor(target: UnpackTarget) {
    this.#target = target;
  }

  member({ path, link, type, size }: TarMember): void {
    const { tree, sink, budget } = this.#target;
    this.#kept = false;
    if (type === "directory") return tree.directory(path);
    if (type === "symlink") return tree.symlink(path, link);
    if (type === "hardlink") return tree.hardLink(path, link);
    if (type === "other") return tree.special(path);
    const content = tree.file(path, size);
    if (content === undefined) return;
    budget.content(size);
    sink.begin(content);
    this.#kept = true;
  }

  data(bytes: Uint8Array, offset: number): void {
    if (this.#kept) this.#target.sink.write(bytes, offset);
  }

  end(): void {
    if (this.#kept) this.#target.sink.end();
  }
}

/** Unpacks one layer while its bytes come in. */
export class LayerUnpacker {
  readonly #hash: Hash;
  readonly #diffId: string;
  readonly #reader: TarReader;
  readonly #input: Decompressor;

  /**
   * Begins a layer over those in the target.
   * @param diffId digest of the archive, from the image's configuration
   */
  constructor(compression: Compression, diffId: string, target: UnpackTarget) {
    target.tree.beginLayer();
    this.#diffId = diffId;
    this.#hash = createHash(diffId.slice(0, diffId.indexOf(":")));
    this.#reader = new TarReader(new LayerHandler(target));
    this.#input = decompressor(compression, (bytes) => {
      target.budget.archive(bytes.length);
      this.#hash.update(bytes);
      this.#reader.push(bytes);
    });
  }

  /** The next packed bytes. */
  write(chunk: Uint8Array): Promise<void> {
    return this.#input.write(chunk);
  }

  /**
   * The layer is over.
   * @throws {LayerError} when stream or archive are not complete
   * @throws {DigestError} when the archive is not the one the configuration names
   */
  async finish(): Promise<void> {
    await this.#input.finish();
    this.#reader.finish();
    const digest = `${this.#diffId.slice(0, this.#diffId.indexOf(":"))}:${this.#hash.digest("hex")}`;
    if (digest !== this.#diffId) {
      throw new DigestError(`a layer unpacks to ${digest}, the image's configuration says ${this.#diffId}`);
    }
  }

  /** Gives back memory. */
  close(): void {
    this.#input.close();
  }
}
